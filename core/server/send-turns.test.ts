import assert from "node:assert/strict";
import { test } from "node:test";
import { clientMessageId, groupId } from "../wire/ids.ts";
import { limits } from "../wire/limits.ts";
import { SendTurns } from "./send-turns.ts";

const [group, other] = [groupId(7), groupId(8)];
const id = (number: number) => clientMessageId(BigInt(number));

/** Turns of messages with these numbers, refused at 0, each under the id of its number. */
function turnsOf(...numbers: number[]): SendTurns {
  const turns = new SendTurns();
  for (const number of numbers) turns.refused(group, id(number), number, 0);
  return turns;
}

const before = (turns: SendTurns, ...numbers: number[]) => numbers.map((number) => turns.before(group, number, 0));

test("a message waits for those that were refused before it, and for no others", () => {
  const turns = turnsOf(1, 3);
  assert.deepEqual(before(turns, 0, 1, 2, 3, 4), [0, 0, 1, 1, 2]);
  assert.equal(turns.before(other, 4, 0), 0);
});

test("a message that has been taken in, or refused for good, keeps nobody waiting", () => {
  const turns = turnsOf(1, 3);
  turns.ended(group, 1);
  assert.deepEqual(before(turns, 3, 4), [0, 1]);
  turns.ended(group, 3);
  assert.deepEqual(before(turns, 4), [0]);
});

test("a message has its old turn again, however late it is refused once more", () => {
  const turns = turnsOf(1, 2, 3);
  const number = turns.numberOf(group, id(1));
  assert.equal(number, 1);
  turns.ended(group, 1);
  assert.equal(turns.numberOf(group, id(1)), undefined);
  turns.refused(group, id(1), 1, 0);
  assert.deepEqual(before(turns, 1, 2, 3), [0, 1, 2]);
});

test("a turn is kept for a while after its message may come again, and longer when it was refused anew", () => {
  const turns = turnsOf(1);
  const late = limits.sendTurnMsMax;
  assert.equal(turns.before(group, 2, late), 1);
  turns.refused(group, id(1), 1, 50);
  assert.equal(turns.before(group, 2, late + 50), 1);
  assert.equal(turns.before(group, 2, late + 51), 0);
});

test("those before a message that were given up are passed over, and those behind it keep their turns", () => {
  const turns = turnsOf(1, 2, 3);
  turns.skipTo(group, 3);
  assert.deepEqual(before(turns, 3, 4), [0, 1]);
  turns.skipTo(group, 9);
  assert.deepEqual(before(turns, 9), [0]);
});

test("turns are bounded, and the earliest have them", () => {
  const max = limits.sendTurnsMax;
  const turns = turnsOf(...Array.from({ length: max + 10 }, (_, i) => 10 + i));
  assert.equal(turns.numberOf(group, id(10 + max)), undefined);
  assert.equal(turns.before(group, 10 + max, 0), max);
  turns.refused(group, id(1), 1, 0);
  assert.equal(turns.numberOf(group, id(1)), 1);
  assert.equal(turns.numberOf(group, id(10 + max - 1)), undefined);
  turns.refused(other, id(5), 5, 0);
  assert.equal(turns.numberOf(other, id(5)), undefined);
});
