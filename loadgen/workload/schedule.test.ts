import assert from "node:assert/strict";
import { test } from "node:test";
import { type Random, seededRandom } from "../../core/platform/random.ts";
import { FakeClock } from "../../core/testing/fake-clock.ts";
import { present } from "../../core/testing/present.ts";
import { sendWhenDue } from "./pace.ts";
import { drawPopulation } from "./population.ts";
import { Arrivals, SenderTable } from "./schedule.ts";
import { preset } from "./workload.ts";

function times(kind: "constant" | "poisson", perSecond: number, count: number): number[] {
  const arrivals = new Arrivals(kind, perSecond, seededRandom(1));
  return Array.from({ length: count }, () => {
    const at = arrivals.nextMs;
    arrivals.advance();
    return at;
  });
}

test("constant arrivals are evenly apart; Poisson arrivals have exponential gaps", () => {
  const even = times("constant", 100, 50);
  for (const [i, at] of even.slice(1).entries()) assert.ok(Math.abs(at - present(even[i]) - 10) < 1e-6);
  const poisson = times("poisson", 100, 50_000);
  const gaps = poisson.slice(1).map((at, i) => at - present(poisson[i]));
  const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
  const deviation = Math.sqrt(gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length);
  assert.ok(Math.abs(mean - 10) < 0.2, `mean ${mean}`);
  assert.ok(Math.abs(deviation / mean - 1) < 0.03, `deviation over mean ${deviation / mean}`);
});

test("after a stall, the generator sends all messages that were due meanwhile, each with its due time", async () => {
  const clock = new FakeClock();
  const startMs = clock.monotonic();
  const sent: { dueMs: number; lateMs: number }[] = [];
  const done = sendWhenDue(
    new Arrivals("constant", 100, seededRandom(1)),
    { clock, startMs, untilMs: startMs + 1000 },
    (dueMs) => {
      sent.push({ dueMs, lateMs: clock.monotonic() - dueMs });
      // Sending the tenth takes a third of a second, as with a garbage collection or a busy core.
      if (sent.length === 10) clock.stall(330);
    },
  );
  await clock.advance(2000);
  await done;
  assert.equal(sent.length, 100, "none is left out");
  const gaps = sent.slice(1).map(({ dueMs }, i) => dueMs - (sent[i]?.dueMs ?? 0));
  assert.ok(
    gaps.every((gap) => Math.abs(gap - 10) < 1e-6),
    "none is put off",
  );
  assert.ok(Math.max(...sent.map(({ lateMs }) => lateMs)) > 300, "and the stall shows");
});

test("an error in sending ends the schedule, and is the caller's", async () => {
  const clock = new FakeClock();
  const startMs = clock.monotonic();
  let sent = 0;
  const done = sendWhenDue(
    new Arrivals("constant", 100, seededRandom(1)),
    { clock, startMs, untilMs: startMs + 1000 },
    () => {
      if (++sent === 3) throw new Error("the outbox is full");
    },
  );
  const rejected = assert.rejects(done, /the outbox is full/);
  await clock.advance(2000);
  await rejected;
  assert.equal(sent, 3);
  assert.equal(clock.waiting, 0);
});

/** Chance that always draws this. */
const drawing = (unit: number): Random => ({ ...seededRandom(1), unit: () => unit });

test("what is due at the end of its time is not sent any more, and until then nothing happens between two messages", async () => {
  const clock = new FakeClock();
  const startMs = clock.monotonic();
  const sentMs: number[] = [];
  const pace = { clock, startMs, untilMs: startMs + 500 };
  const done = sendWhenDue(new Arrivals("constant", 10, drawing(0)), pace, (dueMs) => sentMs.push(dueMs - startMs));
  assert.equal(clock.nextInMs, 100);
  await clock.advance(500);
  await done;
  assert.deepEqual(sentMs, [0, 100, 200, 300, 400]);
  assert.equal(clock.waiting, 0);
});

test("threads do not begin at once: constant arrivals begin anywhere in the first gap, Poisson ones an exponential time from now", () => {
  const firstMs = (kind: "constant" | "poisson", seed: number) => new Arrivals(kind, 100, seededRandom(seed)).nextMs;
  for (const [kind, within] of [
    ["constant", 1],
    ["poisson", 1 - Math.exp(-1)],
  ] as const) {
    const firsts = Array.from({ length: 2000 }, (_, seed) => firstMs(kind, seed));
    const shareBefore = (ms: number) => firsts.filter((first) => first < ms).length / firsts.length;
    assert.ok(Math.abs(shareBefore(10) - within) < 0.05, `${kind}: ${shareBefore(10)} within a gap`);
    const half = kind === "constant" ? 0.5 : 1 - Math.exp(-0.5);
    assert.ok(Math.abs(shareBefore(5) - half) < 0.05, `${kind}: ${shareBefore(5)} within half of it`);
  }
});

test("each pair is drawn as often as its part of all weights is long", () => {
  const groupOf = (weight: number, founder: number) =>
    ({ founder, members: [founder], weight, senders: "any" }) as const;
  const table = new SenderTable({ clients: 3, groups: [groupOf(1, 0), groupOf(2, 1), groupOf(1, 2)] }, () => true);
  const drawn = [0, 0.24, 0.25, 0.5, 0.74, 0.75, 0.99].map((unit) => table.draw(drawing(unit))?.sender);
  assert.deepEqual(drawn, [0, 0, 1, 1, 1, 2, 2]);
});

test("messages go to groups by their weight, from any member, and each thread sends its share", () => {
  const workload = preset("rooms");
  assert.ok(workload.ok);
  const population = drawPopulation(workload.value, seededRandom(1));
  const halves = [0, 1].map((thread) => new SenderTable(population, (client) => client % 2 === thread));
  const total = population.groups.reduce((sum, { weight }) => sum + weight, 0);
  assert.ok(Math.abs(present(halves[0]).weight + present(halves[1]).weight - total) < 1e-9);
  const table = new SenderTable(population, () => true);
  const random = seededRandom(2);
  const counts = new Array<number>(population.groups.length).fill(0);
  for (let i = 0; i < 50_000; i++) {
    const pair = table.draw(random);
    assert.ok(pair && population.groups[pair.group]?.members.includes(pair.sender));
    counts[pair.group] = present(counts[pair.group]) + 1;
  }
  for (const [group, { weight }] of population.groups.entries()) {
    const expected = (50_000 * weight) / total;
    assert.ok(
      Math.abs(present(counts[group]) - expected) < 6 * Math.sqrt(expected),
      `group ${group}: ${counts[group]} for ${expected}`,
    );
  }
});

test("a population is the same in every thread, and skewed as the workload says", () => {
  const workload = preset("rooms");
  assert.ok(workload.ok);
  const population = drawPopulation(workload.value, seededRandom(1));
  assert.deepEqual(drawPopulation(workload.value, seededRandom(1)), population);
  const sizes = population.groups.map(({ members }) => members.length);
  assert.deepEqual([Math.max(...sizes), Math.min(...sizes)], [60, 5]);
  for (const { members } of population.groups) assert.equal(new Set(members).size, members.length);
});

test("in a broadcast, only the first member writes", () => {
  const workload = preset("broadcast");
  assert.ok(workload.ok);
  const population = drawPopulation(workload.value, seededRandom(1));
  const table = new SenderTable(population, () => true);
  const random = seededRandom(3);
  for (let i = 0; i < 200; i++) {
    const pair = table.draw(random);
    assert.equal(pair?.sender, population.groups[pair?.group ?? 0]?.members[0]);
  }
});
