import assert from "node:assert/strict";
import { test } from "node:test";
import {
  clientMessageId,
  epoch,
  groupId,
  idMax,
  isGroupId,
  maxSeq,
  minSeq,
  nextEpoch,
  nextSeq,
  previousSeq,
  seq,
  seqPlus,
  userId,
} from "./ids.ts";

test("ids of users and groups are whole numbers from 1 to 2^53 - 1; any other is a defect that is named", () => {
  for (const good of [1, 2, idMax]) {
    assert.deepEqual([userId(good), groupId(good), isGroupId(good)], [good, good, true]);
  }
  for (const bad of [0, -1, 1.5, idMax + 1, Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.throws(() => userId(bad), { name: "RangeError", message: `user id ${bad}` });
    assert.throws(() => groupId(bad), { name: "RangeError", message: `group id ${bad}` });
    assert.ok(!isGroupId(bad), String(bad));
  }
});

test("a client message id is the lower 64 bits of a number", () => {
  assert.equal(clientMessageId(2n ** 64n - 1n), 2n ** 64n - 1n);
  assert.equal(clientMessageId(2n ** 64n + 5n), 5n);
  assert.equal(clientMessageId(-1n), 2n ** 64n - 1n);
});

test("seqs and epochs are counted up and down", () => {
  const seven = seq(7);
  assert.deepEqual([previousSeq(seven), nextSeq(seven), seqPlus(seven, 3), seqPlus(seven, -3)], [6, 8, 10, 4]);
  assert.equal(nextEpoch(epoch(7)), 8);
  for (const [a, b] of [
    [seq(7), seq(9)],
    [seq(9), seq(7)],
  ] as const) {
    assert.deepEqual([minSeq(a, b), maxSeq(a, b)], [7, 9]);
  }
});
