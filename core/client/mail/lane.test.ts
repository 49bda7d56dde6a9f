import assert from "node:assert/strict";
import { test } from "node:test";
import { clientMessageId, epoch, groupId } from "../../wire/ids.ts";
import { messageTypes } from "../../wire/send-frame.ts";
import { Lane, type QueuedMessage } from "./lane.ts";

/** A lane, and what adds messages to it: each has its order and the epoch under which it is sealed. */
function newLane() {
  const lane = new Lane(groupId(7));
  const write = (order: number, sealedEpoch = 1): QueuedMessage => {
    const message: QueuedMessage = {
      id: clientMessageId(BigInt(order)),
      type: messageTypes.application,
      group: lane.group,
      seal: () => assert.fail("a lane seals nothing"),
      sentBefore: false,
      order,
      lane,
      takenAtMs: 0,
      settled: () => assert.fail("a lane passes on no outcome"),
      frame: undefined,
      sealedEpoch: epoch(sealedEpoch),
      refusedEpoch: undefined,
      isSealing: false,
      wasSent: false,
      sentAtMs: 0,
      sentAfterRefusals: 0,
      keepsTurn: false,
    };
    lane.add(message);
    return message;
  };
  return { lane, write };
}

/** A lane with three messages, of which all were sent. */
function threeSent() {
  const { lane, write } = newLane();
  const messages = [write(0), write(1), write(2)] as const;
  for (const message of messages) lane.sent(message);
  return { lane, write, messages };
}

function waiting(lane: Lane): number[] {
  const orders: number[] = [];
  for (let message = lane.first; message; message = lane.at(orders.length)) orders.push(message.order);
  return orders;
}

test("messages wait in the order in which they were written, until they are sent", () => {
  const { lane, write } = newLane();
  assert.equal(lane.first, undefined);
  const [one, two] = [write(0), write(1), write(2)];
  assert.equal(lane.first, one);
  assert.equal(lane.at(1), two);
  assert.ok(!lane.isUnderWay(one));
  lane.sent(one);
  assert.ok(lane.isUnderWay(one) && one.wasSent);
  assert.deepEqual(waiting(lane), [1, 2]);
});

test("a pause lasts until its end, and a shorter one does not end it", () => {
  const { lane } = newLane();
  assert.ok(!lane.isPaused);
  lane.pauseUntil(100);
  lane.pauseUntil(50);
  lane.pauseOver(50);
  assert.ok(lane.isPaused);
  lane.pauseOver(100);
  assert.ok(!lane.isPaused);
});

test("messages of one epoch go without waiting for the outcomes of those before them", () => {
  const { lane, write } = newLane();
  const [one, two] = [write(0), write(1)];
  assert.ok(lane.mayGo(one));
  lane.sent(one);
  assert.ok(lane.mayGo(two));
});

test("a message under another epoch waits for the outcomes of all that are under way", () => {
  const { lane, write } = newLane();
  const [one, two] = [write(0, 1), write(1, 2)];
  lane.sent(one);
  assert.ok(!lane.mayGo(two));
  lane.ended(one, true);
  assert.ok(lane.mayGo(two));
});

test("refused messages wait again in the order in which they were written, whatever the order of their refusals", () => {
  const { lane, write, messages } = threeSent();
  const [one, two, three] = messages;
  write(3);
  for (const message of [two, three, one]) lane.putBack(message);
  assert.deepEqual(waiting(lane), [0, 1, 2, 3]);
  assert.ok(messages.every((message) => !lane.isUnderWay(message) && message.keepsTurn));
});

test("a refused message goes again at once; one behind it does not before those sent with it have their outcomes", () => {
  const { lane, write, messages } = threeSent();
  const [one, two, three] = messages;
  const four = write(3);
  lane.putBack(one);
  assert.ok(lane.mayGo(one));
  lane.sent(one);
  assert.ok(!lane.mayGo(four), "the server may refuse the second and the third");
  lane.ended(two, true);
  assert.ok(!lane.mayGo(four), "the server may refuse the third");
  lane.ended(three, true);
  assert.ok(lane.mayGo(four), "the first was sent again when its refusal was known");
});

test("a message is behind a refused one that was written before it, waits or is under way again, and is not stored", () => {
  const { lane, messages } = threeSent();
  const [one, two, three] = messages;
  const behind = () => messages.map((message) => lane.isBehindRefused(message));
  assert.deepEqual(behind(), [false, false, false]);
  lane.putBack(two);
  assert.deepEqual(behind(), [false, false, true]);
  lane.sent(two);
  assert.deepEqual(behind(), [false, false, true]);
  lane.ended(two, true);
  assert.deepEqual(behind(), [false, false, false]);
  lane.putBack(three);
  lane.putBack(one);
  assert.deepEqual(behind(), [false, true, true]);
});

test("the next message after a refused one that was given up says so, once, and waits until nothing is under way", () => {
  const { lane, write, messages } = threeSent();
  const [one, two, three] = messages;
  lane.putBack(one);
  lane.ended(one, false);
  const [four, five] = [write(3), write(4)];
  for (const message of [two, three]) {
    assert.ok(!lane.mayGo(four), "the server would forget the turns of messages that it may still refuse");
    lane.ended(message, true);
  }
  assert.ok(lane.mayGo(four));
  assert.equal(lane.sent(four), true);
  assert.ok(lane.mayGo(five));
  assert.equal(lane.sent(five), false);
});

test("a message behind one that was given up waits also for a refused one that was sent again", () => {
  const { lane, write } = newLane();
  const [one, two, three] = [write(0), write(1), write(2)];
  for (const message of [one, two]) lane.sent(message);
  for (const message of [one, two]) lane.putBack(message);
  lane.sent(one);
  lane.ended(two, false);
  assert.ok(!lane.mayGo(three), "the first may be refused again, and the server would forget its turn");
  lane.ended(one, true);
  assert.ok(lane.mayGo(three));
});

test("a message before a refused one that was given up does not speak for it; the one behind it does", () => {
  const { lane, write, messages } = threeSent();
  const [one, two] = messages;
  lane.putBack(two);
  lane.ended(two, false);
  lane.putBack(one);
  assert.equal(lane.sent(one), false);
  assert.equal(lane.sent(write(3)), true);
});

test("of two refused messages that were given up, each is spoken for by the first message behind it", () => {
  const { lane, write, messages } = threeSent();
  const [one, two, three] = messages;
  const four = write(3);
  for (const message of [one, two, three]) lane.putBack(message);
  for (const message of [one, three]) lane.ended(message, false);
  assert.deepEqual(waiting(lane), [1, 3]);
  assert.equal(lane.sent(two), true);
  assert.equal(lane.sent(four), true);
});

test("nobody has to say anything of messages for which the server keeps no turns", () => {
  const { lane, write, messages } = threeSent();
  const [one, two, three] = messages;
  // Stored after all, refused for good after a first refusal, and never refused before.
  lane.putBack(one);
  lane.sent(one);
  lane.ended(one, true);
  lane.putBack(two);
  assert.equal(lane.sent(two), false);
  lane.refusedForGood(two);
  lane.ended(two, false);
  lane.ended(three, false);
  assert.equal(lane.sent(write(3)), false);
});

test("a message that gets its outcome while it waits goes no more, and the others do", () => {
  const { lane, write } = newLane();
  const two = [write(0), write(1), write(2)][1];
  assert.ok(two);
  lane.ended(two, false);
  assert.deepEqual(waiting(lane), [0, 2]);
});

test("without a connection all that has no outcome waits again in order, and nothing of the old connection counts", () => {
  const { lane, write, messages } = threeSent();
  const [one, two, three] = messages;
  write(3);
  lane.putBack(one);
  lane.ended(one, false);
  lane.putBack(two);
  lane.pauseUntil(100);
  lane.disconnected();
  assert.deepEqual(waiting(lane), [1, 2, 3]);
  assert.ok(!lane.isPaused);
  assert.ok(!lane.isUnderWay(three));
  assert.ok([two, three].every((message) => message.wasSent && !message.keepsTurn));
  assert.ok(lane.mayGo(two));
  assert.equal(lane.sent(two), false, "the next connection knows nothing of the message that was given up");
});
