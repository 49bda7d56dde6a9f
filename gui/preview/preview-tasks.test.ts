import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { projectRoot } from "../../core/platform/project-root.ts";
import { FakeClock } from "../../core/testing/fake-clock.ts";
import { Previews } from "./preview-tasks.ts";

const photo = readFileSync(path.join(projectRoot, "core/media/fixtures/photo.jpg"));

test("a photograph is shown upright, at most as large as there is room", async () => {
  const previews = new Previews("256", new FakeClock());
  // Stored it is 24 × 16, and turned by a quarter.
  const whole = await previews.draw(photo, 80, 24);
  assert.ok(whole.kind === "lines");
  assert.deepEqual([whole.columns, whole.lines.length], [16, 12]);
  const small = await previews.draw(photo, 8, 24);
  assert.ok(small.kind === "lines");
  assert.deepEqual([small.columns, small.lines.length], [8, 6]);
  await previews.close();
});

test("a picture that cannot be shown has a reason", async () => {
  const previews = new Previews("true", new FakeClock());
  assert.deepEqual(await previews.draw(Buffer.from("no picture"), 80, 24), { kind: "none", why: "it is no picture" });
  assert.deepEqual(await previews.draw(photo, 0, 24), { kind: "none", why: "there is no room for it" });
  await previews.close();
});

test("more pictures at once than can wait are refused, and the others shown", async () => {
  const previews = new Previews("256", new FakeClock());
  const drawn = await Promise.all(Array.from({ length: 60 }, () => previews.draw(photo, 10, 10)));
  const refusals = drawn.filter(({ kind }) => kind === "none");
  assert.ok(refusals.length > 0 && refusals.length < 30, `${refusals.length} were refused`);
  assert.ok(refusals.every((of) => of.kind === "none" && of.why === "too many pictures at once"));
  await previews.close();
});

test("a picture that takes too long is refused with those that wait behind it, and the next one is shown", async () => {
  const clock = new FakeClock();
  const previews = new Previews("256", clock);
  const hung = [previews.draw(photo, 10, 10), previews.draw(photo, 10, 10)];
  await clock.advance(60_000);
  assert.deepEqual(await Promise.all(hung), [
    { kind: "none", why: "it took too long" },
    { kind: "none", why: "it took too long" },
  ]);
  assert.equal((await previews.draw(photo, 10, 10)).kind, "lines");
  await previews.close();
});
