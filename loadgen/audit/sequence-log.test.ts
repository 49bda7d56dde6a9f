import assert from "node:assert/strict";
import { test } from "node:test";
import { SequenceLog } from "./sequence-log.ts";

test("the first message under a seq is written down, and each later one must be the same in all its parts", () => {
  const log = new SequenceLog(10);
  assert.equal(log.agrees(11, 1, 2, 3), true);
  assert.equal(log.agrees(11, 1, 2, 3), true);
  for (const [high, low, epoch] of [
    [9, 2, 3],
    [1, 9, 3],
    [1, 2, 9],
  ] as const) {
    assert.equal(log.agrees(11, high, low, epoch), false);
  }
  const { base, high, low, epoch } = log.record();
  assert.deepEqual([base, [...high], [...low], [...epoch]], [10, [1], [2], [3]]);
});

test("nothing is known of messages from before the log begins, and a seq that nobody saw is empty", () => {
  const log = new SequenceLog(10);
  for (const seq of [9, 10]) assert.equal(log.agrees(seq, 5, 5, 5), true);
  assert.equal(log.record().epoch.length, 0);
  log.agrees(13, 1, 2, 3);
  assert.deepEqual([...log.record().epoch], [0, 0, 3]);
});

test("a message that is seen after later ones shortens nothing", () => {
  const log = new SequenceLog(10);
  for (const seq of [13, 11]) assert.ok(log.agrees(seq, 1, 2, 3));
  assert.deepEqual([...log.record().epoch], [3, 0, 3]);
});

test("a log grows with the seqs, one by one or by a leap, and forgets nothing", () => {
  const log = new SequenceLog(0);
  for (let seq = 1; seq <= 200; seq++) assert.ok(log.agrees(seq, seq, seq + 1, seq + 2));
  assert.ok(log.agrees(5000, 1, 2, 3));
  assert.ok(!log.agrees(100, 1, 2, 3) && log.agrees(5000, 1, 2, 3));
  const { high, low, epoch } = log.record();
  assert.deepEqual([high.length, low.length, epoch.length], [5000, 5000, 5000]);
  assert.deepEqual([high[199], low[199], epoch[199]], [200, 201, 202]);
  assert.deepEqual([high[4999], low[4999], epoch[4999]], [1, 2, 3]);
});
