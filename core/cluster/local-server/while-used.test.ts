import assert from "node:assert/strict";
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { FakeClock } from "../../testing/fake-clock.ts";
import { untilUnused } from "./while-used.ts";

const scratch = mkdtempSync(path.join(tmpdir(), "while-used-test-"));
after(() => rmSync(scratch, { recursive: true, force: true }));

test("a file that cannot be read counts as one that nobody touches", async () => {
  const clock = new FakeClock();
  writeFileSync(path.join(scratch, "a-file"), "no directory");
  let hasEnded = false;
  const usage = { file: path.join(scratch, "a-file", "in-use"), connections: () => 0 };
  void untilUnused(usage, 30_000, clock, new AbortController().signal).then(() => {
    hasEnded = true;
  });
  await clock.advance(31_000);
  assert.equal(hasEnded, true);
});

test("servers end when nobody has been connected and nobody has touched the file for so long, and not before", async () => {
  const file = path.join(scratch, "in-use");
  const clock = new FakeClock();
  let connections = 0;
  let hasEnded = false;
  const stopping = new AbortController();
  void untilUnused({ file, connections: () => connections }, 30_000, clock, stopping.signal).then(() => {
    hasEnded = true;
  });
  let touches = 0;
  const touch = () => {
    writeFileSync(file, "");
    utimesSync(file, touches, ++touches);
  };
  await clock.advance(29_000);
  touch();
  await clock.advance(30_000);
  assert.equal(hasEnded, false);
  connections = 1;
  await clock.advance(100_000);
  connections = 0;
  await clock.advance(29_000);
  touch();
  await clock.advance(30_000);
  assert.equal(hasEnded, false);
  await clock.advance(2000);
  assert.equal(hasEnded, true);
});

test("servers end at once when their signal is aborted", async () => {
  const stopping = new AbortController();
  const ended = untilUnused(
    { file: path.join(scratch, "x"), connections: () => 1 },
    1000,
    new FakeClock(),
    stopping.signal,
  );
  stopping.abort();
  await ended;
});
