import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../../platform/random.ts";
import { FakeClock } from "../../testing/fake-clock.ts";
import { present } from "../../testing/present.ts";
import { MessageIds } from "./message-ids.ts";

test("ids grow, also within a millisecond and when the clock steps back", async () => {
  const clock = new FakeClock();
  const ids = new MessageIds(clock, seededRandom(1));
  const drawn: bigint[] = [];
  for (let i = 0; i < 1000; i++) {
    drawn.push(ids.next());
    if (i % 50 === 0) await clock.advance(1);
    if (i === 500) await clock.advance(-10_000);
  }
  for (const [i, id] of drawn.slice(1).entries()) assert.ok(id > present(drawn[i]), `id ${i + 1}`);
  assert.ok(present(drawn.at(-1)) < 2n ** 64n);
});

test("ids differ also when chance draws the same number twice in a millisecond", () => {
  const ids = new MessageIds(new FakeClock(), { ...seededRandom(1), uint32: () => 5 << 10 });
  const first = ids.next();
  assert.deepEqual([ids.next(), ids.next()], [first + 1n, first + 2n]);
});

test("two machines of a user draw different ids", () => {
  const clock = new FakeClock();
  const [first, second] = [new MessageIds(clock, seededRandom(1)), new MessageIds(clock, seededRandom(2))];
  const drawn = new Set(Array.from({ length: 200 }, () => [first.next(), second.next()]).flat());
  assert.equal(drawn.size, 400);
});
