import assert from "node:assert/strict";
import { test } from "node:test";
import { clientMessageId, groupId } from "../../wire/ids.ts";
import { limits } from "../../wire/limits.ts";
import { SendTurns } from "./send-turns.ts";

const [group, other] = [groupId(7), groupId(8)];
const id = (number: number) => clientMessageId(BigInt(number));

/** The turns of messages with these numbers, which are also their ids. All were refused, and may come again from time 0 on. */
function turnsOf(...numbers: number[]): SendTurns {
  const turns = new SendTurns();
  for (const number of numbers) turns.refused(group, id(number), number, 0);
  return turns;
}

const before = (turns: SendTurns, ...numbers: number[]) => numbers.map((number) => turns.before(group, number));

test("a message waits for refused messages before it, and for no others", () => {
  const turns = turnsOf(1, 3);
  assert.deepEqual(before(turns, 0, 1, 2, 3, 4), [0, 0, 1, 1, 2]);
  assert.equal(turns.before(other, 4), 0);
});

test("no message waits for one that has been taken in or refused for good", () => {
  const turns = turnsOf(1, 3);
  turns.ended(group, id(1));
  assert.deepEqual(before(turns, 3, 4), [0, 1]);
  turns.ended(group, id(3));
  assert.deepEqual(before(turns, 4), [0]);
});

test("a message that is refused again has its old turn, however late that is", () => {
  const turns = turnsOf(1, 2, 3);
  const number = turns.numberOf(group, id(1));
  assert.equal(number, 1);
  turns.ended(group, id(1));
  assert.equal(turns.numberOf(group, id(1)), undefined);
  turns.refused(group, id(1), 1, 0);
  assert.deepEqual(before(turns, 1, 2, 3), [0, 1, 2]);
});

test("messages miss one before them that has not come again a while after it could", () => {
  const turns = turnsOf(1);
  const late = limits.sendTurnMsMax;
  const missedAt = (nowMs: number) => [1, 2].map((number) => turns.isMissed(group, number, nowMs));
  assert.deepEqual(missedAt(late), [false, false]);
  assert.deepEqual(missedAt(late + 1), [false, true]);
  turns.refused(group, id(1), 1, 50);
  assert.deepEqual(missedAt(late + 50), [false, false]);
  assert.deepEqual(missedAt(late + 51), [false, true]);
  // If it comes after all, it is still the first.
  assert.deepEqual(before(turns, 1, 2), [0, 1]);
});

test("turns of messages that the client has given up are dropped, and later ones stay", () => {
  const turns = turnsOf(1, 2, 3);
  turns.skipTo(group, 3);
  assert.deepEqual(before(turns, 3, 4), [0, 1]);
  turns.skipTo(group, 9);
  assert.deepEqual(before(turns, 9), [0]);
});

test("a message that came twice has its first turn, whichever was refused first, and one end", () => {
  for (const numbers of [
    [1, 3],
    [3, 1],
  ]) {
    const turns = turnsOf(2);
    for (const number of numbers) turns.refused(group, id(7), number, 0);
    assert.equal(turns.numberOf(group, id(7)), 1);
    assert.deepEqual(before(turns, 1, 2, 3, 4), [0, 1, 2, 2]);
    turns.ended(group, id(7));
    assert.deepEqual(before(turns, 4), [1]);
  }
});

test("a message waits until the one before it may come again, and longer and longer if that does not come", () => {
  const turns = new SendTurns();
  turns.refused(group, id(1), 1, 700);
  assert.deepEqual(
    [0, 650, 800, 1000.5, 2000, 30_000].map((nowMs) => turns.behindMs(group, nowMs)),
    [700, 100, 100, 301, 1300, 5000],
  );
});

test("turns are bounded, and the earliest messages have them", () => {
  const max = limits.sendTurnsMax;
  const turns = turnsOf(...Array.from({ length: max + 10 }, (_, i) => 10 + i));
  assert.equal(turns.numberOf(group, id(10 + max)), undefined);
  assert.equal(turns.before(group, 10 + max), max);
  turns.refused(group, id(1), 1, 0);
  assert.equal(turns.numberOf(group, id(1)), 1);
  assert.equal(turns.numberOf(group, id(10 + max - 1)), undefined);
  turns.ended(group, id(1));
  turns.refused(group, id(6000), 6000, 0);
  assert.equal(turns.numberOf(group, id(6000)), 6000, "a turn that has ended makes room for another");
});

test("the first refused message of a group gets a turn although other groups have all turns, and the next gets none", () => {
  const turns = turnsOf(...Array.from({ length: limits.sendTurnsMax }, (_, i) => i));
  turns.refused(other, id(5000), 5000, 0);
  turns.refused(other, id(5001), 5001, 0);
  assert.equal(turns.before(other, 5002), 1);
  turns.ended(other, id(5000));
  assert.equal(turns.before(other, 5002), 0);
});

test("the number of groups with turns is bounded, too", () => {
  const turns = new SendTurns();
  const max = limits.sendTurnsMax;
  for (let i = 0; i <= max; i++) turns.refused(groupId(i + 1), id(i), i, 0);
  assert.deepEqual(
    [max, max + 1].map((number) => turns.before(groupId(number), 9999)),
    [1, 0],
  );
});
