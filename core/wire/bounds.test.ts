import assert from "node:assert/strict";
import { test } from "node:test";
import { ackEntriesMax, encodeAck, parseAck } from "./ack-frame.ts";
import { encodeRequest, parseClientFrame } from "./client-frame.ts";
import { encodeDeliver, parseDeliver } from "./deliver-frame.ts";
import { readFrameKind } from "./frame.ts";
import { clientMessageId, epoch, epochMax, groupId, seq, userId } from "./ids.ts";
import { limits } from "./limits.ts";
import { encodeSend, messageTypes, parseSend, sendHeaderBytes } from "./send-frame.ts";

const id = clientMessageId(1n);
const payload = Buffer.from("payload");

/** The frame with another byte at this place. */
function changed(frame: Uint8Array, at: number, byte: number): Uint8Array {
  const copy = Uint8Array.from(frame);
  copy[at] = byte;
  return copy;
}

test("a frame has from 2 to 131,072 bytes", () => {
  const ofBytes = (length: number) => readFrameKind(new Uint8Array(length).fill(1));
  for (const length of [2, limits.frameBytesMax]) assert.ok(ofBytes(length).ok, `${length} bytes`);
  const [short, long] = [ofBytes(1), ofBytes(limits.frameBytesMax + 1)];
  assert.ok(!short.ok && !long.ok);
  assert.deepEqual([short.reason.code, long.reason.code], ["malformed_frame", "frame_too_large"]);
});

test("an ACK has from 1 to 1,024 entries, with seqs from 1", () => {
  const entries = (count: number, first = 1) =>
    Array.from({ length: count }, (_, i) => ({ clientMessageId: id, seq: seq(first + i), sentAt: 0 }));
  for (const count of [1, ackEntriesMax]) assert.ok(parseAck(encodeAck(entries(count))).ok, `${count} entries`);
  for (const count of [0, ackEntriesMax + 1]) assert.ok(!parseAck(encodeAck(entries(count))).ok, `${count} entries`);
  assert.ok(!parseAck(encodeAck(entries(2, 0))).ok, "seq 0");
});

test("a SEND has known flags, a type that a client may send, an epoch from 1, and its payload and nothing else", () => {
  const { application, membership, handshake } = messageTypes;
  const send = encodeSend({
    ...{ resend: true, skipsRefused: true, type: application, epoch: epoch(1), group: groupId(7), clientMessageId: id },
    payload,
  });
  assert.ok(parseSend(send).ok);
  for (let bit = 2; bit < 8; bit++) assert.ok(!parseSend(changed(send, 2, 1 << bit)).ok, `flag ${bit}`);
  assert.ok(parseSend(changed(send, 3, handshake)).ok);
  for (const type of [membership, 3, 255]) assert.ok(!parseSend(changed(send, 3, type)).ok, `type ${type}`);
  assert.ok(!parseSend(changed(send, 7, 0)).ok, "epoch 0");
  const atEpoch = (at: number) => changed(changed(send, 4, at >>> 24), 5, 0);
  assert.ok(parseSend(atEpoch(2 ** 24)).ok);
  assert.ok(!parseSend(atEpoch(epochMax + 1)).ok, "an epoch from 2^31 on");
  assert.ok(!parseSend(changed(send, 15, 0)).ok, "group 0");
  for (const more of [-1, 1]) assert.ok(!parseSend(changed(send, 27, payload.length + more)).ok, "another length");
  assert.ok(parseSend(Uint8Array.from([...send.subarray(0, 24), 0, 0, 0, 0])).ok, "an empty payload");
  assert.equal(sendHeaderBytes, 28);
});

test("a message of a DELIVER has a type, a zero byte, an epoch and a sender", () => {
  const message = { sender: userId(3), clientMessageId: id, type: messageTypes.handshake, sentAt: 1, epoch: epoch(1) };
  const deliver = encodeDeliver({ group: groupId(7), firstSeq: seq(1), messages: [{ ...message, payload }] });
  assert.ok(parseDeliver(deliver).ok);
  for (const [what, at, byte] of [
    ["no message", 3, 0],
    ["seq 0", 19, 0],
    ["sender 0", 27, 0],
    ["type 3", 36, 3],
    ["a byte that is not zero", 37, 1],
    ["epoch 0", 47, 0],
    ["a longer payload", 51, payload.length + 1],
    ["a shorter payload", 51, payload.length - 1],
  ] as const) {
    assert.ok(!parseDeliver(changed(deliver, at, byte)).ok, what);
  }
});

test("names and ids of one `findUsers` are a hundred together", () => {
  const asks = (names: number, ids: number) =>
    parseClientFrame(
      encodeRequest(
        { kind: "findUsers", names: Array<string>(names).fill("a"), ids: Array.from({ length: ids }, () => userId(1)) },
        1,
      ),
    ).ok;
  const max = limits.findUsersMax;
  assert.deepEqual([asks(max, 0), asks(0, max), asks(max - 1, 1)], [true, true, true]);
  assert.deepEqual([asks(max, 1), asks(1, max), asks(max + 1, 0)], [false, false, false]);
});
