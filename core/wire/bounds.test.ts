import assert from "node:assert/strict";
import { test } from "node:test";
import { accepted, type Parsed } from "../platform/result.ts";
import { ackEntriesMax, encodeAck, parseAck } from "./ack-frame.ts";
import { encodeRequest, parseClientFrame } from "./client-frame.ts";
import { encodeDeliver, parseDeliver } from "./deliver-frame.ts";
import { type FrameFault, readFrameKind } from "./frame.ts";
import { clientMessageId, epoch, epochMax, groupId, seq, userId } from "./ids.ts";
import { limits } from "./limits.ts";
import { parseLinkFrame } from "./link-frame.ts";
import { encodeEntryBody, joinEntry, type MembershipEntry, parseEntry } from "./membership-entry.ts";
import { encodeSend, messageTypes, parseSend, sendHeaderBytes } from "./send-frame.ts";
import { parseServerFrame } from "./server-frame.ts";

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

/** Why a frame was refused. */
function faultOf(parsed: Parsed<unknown, FrameFault>): string {
  return parsed.ok ? "taken" : `${parsed.reason.code}: ${parsed.reason.detail}`;
}

test("a frame of another version is refused before anything else of it is read", () => {
  const expected = "unsupported_version: this is version 1, the frame says 2";
  for (const parse of [readFrameKind, parseClientFrame, parseServerFrame]) {
    assert.equal(faultOf(parse(Uint8Array.from([2, 0xff, 0xff]))), expected);
  }
  assert.equal(
    faultOf(parseLinkFrame(Uint8Array.from([2, 0xff]))),
    "unsupported_version: this is version 1, the peer's 2",
  );
});

test("the fault of a frame says what is wrong with it, for its sender's log", () => {
  const send = encodeSend({
    ...{ resend: false, skipsRefused: false, type: messageTypes.application, epoch: epoch(1), group: groupId(7) },
    ...{ clientMessageId: id, payload },
  });
  const ack = encodeAck([1, 2].map((at) => ({ clientMessageId: id, seq: seq(at), sentAt: 0 })));
  const message = {
    sender: userId(3),
    clientMessageId: id,
    type: messageTypes.application,
    sentAt: 1,
    epoch: epoch(1),
  };
  const deliver = encodeDeliver({ group: groupId(7), firstSeq: seq(1), messages: [{ ...message, payload }] });
  for (const [fault, parsed] of [
    ["a frame has at least 2 bytes, this one 1", readFrameKind(send.subarray(0, 1))],
    ["SEND has a header of 28 bytes, this one ends after 27", parseSend(send.subarray(0, 27))],
    ["SEND flags 4: only 3 are known", parseSend(changed(send, 2, 4))],
    ["SEND of message type 1", parseSend(changed(send, 3, 1))],
    ["SEND at epoch 0", parseSend(changed(send, 7, 0))],
    ["SEND to a group id that is not from 1 to 2^53 - 1", parseSend(changed(send, 15, 0))],
    ["SEND announces 8 bytes of payload and carries 7", parseSend(changed(send, 27, 8))],
    ["ACK ends within its header", parseAck(ack.subarray(0, 3))],
    ["ACK announces 0 entries in 4 bytes", parseAck(encodeAck([]))],
    ["ACK announces 1 entries in 52 bytes", parseAck(changed(ack, 3, 1))],
    ["ACK with a seq or time beyond 2^53 - 1", parseAck(changed(ack, 12, 0xff))],
    ["ACK with a seq or time beyond 2^53 - 1", parseAck(changed(ack, 20, 0xff))],
    ["DELIVER ends within its header", parseDeliver(deliver.subarray(0, 19))],
    ["DELIVER with an empty or impossible range", parseDeliver(changed(deliver.subarray(0, 20), 3, 0))],
    ["DELIVER with an empty or impossible range", parseDeliver(changed(deliver, 11, 0))],
    ["DELIVER ends within message 0 of 1", parseDeliver(deliver.subarray(0, 51))],
    ["DELIVER: message 0 has an impossible type, epoch or sender", parseDeliver(changed(deliver, 44, 0x80))],
    ["DELIVER holds 1 messages in 60 bytes and has 59", parseDeliver(changed(deliver, 51, 8))],
    ["a link frame ends within its head", parseLinkFrame(Uint8Array.from([1]))],
    ["a link frame ends within a DELIVER", parseLinkFrame(Uint8Array.from([1, 1, 0, 0, 0]))],
    ["a link frame ends within a DELIVER", parseLinkFrame(Uint8Array.from([1, 1, 0, 0, 0, 2, 7]))],
  ] as const) {
    assert.equal(faultOf(parsed), `malformed_frame: ${fault}`);
  }
  assert.equal(
    faultOf(readFrameKind(new Uint8Array(limits.frameBytesMax + 1))),
    "frame_too_large: a frame has at most 131072 bytes, this one 131073",
  );
});

test("a link frame may hold no DELIVER, and an empty one", () => {
  assert.deepEqual(parseLinkFrame(Uint8Array.from([1, 1])), accepted({ kind: "linkDeliver", frames: [] }));
  const empty = parseLinkFrame(Uint8Array.from([1, 1, 0, 0, 0, 0]));
  assert.deepEqual(empty, accepted({ kind: "linkDeliver", frames: [new Uint8Array(0)] }));
});

test("a membership entry has a body behind its 64 bytes of signature, and at most 65,536 bytes in all", () => {
  const entry: MembershipEntry = {
    ...{ group: groupId(7), index: 1, epoch: epoch(1), actor: userId(1), subjects: [] },
    ...{ actorFingerprint: Buffer.alloc(32), previous: Buffer.alloc(32) },
    action: "rename",
  };
  const ofTitle = (length: number) =>
    joinEntry(Buffer.alloc(64), encodeEntryBody({ ...entry, sealedTitle: Buffer.alloc(length) }));
  const most = limits.entryBytesMax - (ofTitle(65_000).length - 65_000);
  assert.equal(ofTitle(most).length, 65_536);
  assert.ok(parseEntry(ofTitle(most)).ok);
  const reason = (bytes: Uint8Array) => {
    const parsed = parseEntry(bytes);
    return parsed.ok ? "taken" : parsed.reason;
  };
  assert.equal(reason(ofTitle(most + 1)), "a membership entry has at most 65536 bytes");
  assert.equal(reason(Buffer.alloc(64)), "a membership entry is longer than its signature");
  assert.match(reason(Buffer.alloc(65)), /^membership entry: ./);
});
