import assert from "node:assert/strict";
import { test } from "node:test";
import { groupId, type Seq, seq } from "../../wire/ids.ts";
import { ReadCursors } from "./read-cursors.ts";

const group = groupId(7);

/** A user's read cursor of one group, with the receipts that went out. */
function reader({ isKept = true, receipts = true } = {}) {
  const sent: Seq[] = [];
  let read = seq(0);
  const keeper = {
    readSeq: () => read,
    readUpTo(_: typeof group, to: Seq) {
      if (to <= read) return false;
      read = to;
      return true;
    },
  };
  const mailbox = { read: (_: typeof group, to: Seq) => void sent.push(to) };
  const cursors = new ReadCursors({ mailbox, keeper: isKept ? keeper : undefined });
  cursors.receipts = receipts;
  return { cursors, sent, readSeq: () => read };
}

test("what the user has read is kept, and its receipt goes out once, also when they look again", () => {
  const { cursors, sent, readSeq } = reader();
  for (const to of [3, 3, 2, 5]) cursors.read(group, seq(to));
  assert.deepEqual([sent, readSeq()], [[3, 5], 5]);
});

test("a receipt that could not go out goes with the next list of groups, if the server does not know it", () => {
  const { cursors, sent, readSeq } = reader();
  cursors.read(group, seq(5));
  sent.length = 0;
  cursors.listed(group, seq(3));
  assert.deepEqual(sent, [5]);
  cursors.listed(group, seq(5));
  assert.deepEqual(sent, [5], "the server knows it");
  cursors.listed(group, seq(8));
  assert.deepEqual([sent, readSeq()], [[5], 8], "the user has read further at another machine");
});

test("what the user has read at another machine moves the cursor here, and sends nothing", () => {
  const { cursors, sent, readSeq } = reader();
  cursors.moved(group, seq(4));
  assert.deepEqual([sent, readSeq()], [[], 4]);
});

test("a user who sends no receipts sends none when they read, nor at the next connection", () => {
  const { cursors, sent, readSeq } = reader({ receipts: false });
  cursors.read(group, seq(5));
  cursors.listed(group, seq(3));
  assert.deepEqual([sent, readSeq()], [[], 5]);
  const withoutKeeper = reader({ receipts: false, isKept: false });
  withoutKeeper.cursors.read(group, seq(5));
  assert.deepEqual(withoutKeeper.sent, []);
});
