import assert from "node:assert/strict";
import fc from "fast-check";
import { cborHead, expensiveMaps, majors } from "../fuzz/cbor-form.ts";
import type { FuzzTarget } from "../fuzz/target.ts";
import { keysOf } from "../platform/keys-of.ts";
import { accepted, type Parsed } from "../platform/result.ts";
import { clientFrames, frameOf, linkFrames, type OneOfEach, serverFrames } from "../testing/arbitrary-frames.ts";
import { ackEntriesMax, parseAck } from "./ack-frame.ts";
import { equalBytes } from "./bytes.ts";
import { encodeClientFrame, parseClientFrame } from "./client-frame.ts";
import { DeliverCursor, parseDeliver } from "./deliver-frame.ts";
import { type FrameFault, frameHeadBytes } from "./frame.ts";
import { limits } from "./limits.ts";
import { encodeLinkFrame, parseLinkFrame } from "./link-frame.ts";
import { encodeServerFrame, parseServerFrame } from "./server-frame.ts";

/** A few frames of each kind, encoded: the same ones at every call. */
function framesOfEach<Frame extends { readonly kind: string }>(
  each: OneOfEach<Frame>,
  encode: (frame: Frame) => Uint8Array,
): Uint8Array[] {
  return keysOf(each).flatMap((kind) => framesOf(frameOf<Frame, Frame["kind"]>(each, kind), encode));
}

const framesOf = <Frame>(frames: fc.Arbitrary<Frame>, encode: (frame: Frame) => Uint8Array): Uint8Array[] =>
  fc.sample(frames, { seed: 1, numRuns: 3 }).map(encode);

/** A frame that is taken has the same value and as many bytes when it is encoded again: one value, one encoding. */
function direction<Frame extends { readonly kind: string }>(
  name: string,
  each: OneOfEach<Frame>,
  codec: { encode(frame: Frame): Uint8Array; parse(bytes: Uint8Array): Parsed<Frame, FrameFault> },
): FuzzTarget {
  return {
    name,
    bytesMax: limits.frameBytesMax + 1,
    cborFrom: frameHeadBytes,
    seeds: () => framesOfEach(each, codec.encode),
    run(bytes) {
      const parsed = codec.parse(bytes);
      if (!parsed.ok) return parsed;
      const again = codec.encode(parsed.value);
      assert.equal(again.length, bytes.length, "written down again it has another length");
      const reread = codec.parse(again);
      assert.ok(reread.ok, "written down again it is refused");
      assert.ok(equalBytes(codec.encode(reread.value), again), "written down again it says something else");
      return parsed;
    },
    growth: growthOf(name),
  };
}

const head = (kind: number, body: Uint8Array) => Buffer.concat([Buffer.from([1, kind]), body]);

/** A map with the fields that the frame needs and one long array of equal elements. */
function withArray(kind: number, fields: Readonly<Record<string, Uint8Array>>, key: string, element: Uint8Array) {
  return (bytes: number) => {
    const count = Math.floor(bytes / element.length);
    const array = Buffer.concat([cborHead(majors.array, count), ...Array.from({ length: count }, () => element)]);
    const entries = Object.entries({ ...fields, [key]: array });
    const text = (of: string) => Buffer.concat([cborHead(majors.text, of.length), Buffer.from(of)]);
    const pairs = entries.flatMap(([name, value]) => [text(name), value]);
    return head(kind, Buffer.concat([cborHead(majors.map, entries.length), ...pairs]));
  };
}

const one = Buffer.from([1]);
const emptyText = Buffer.from([0x60]);
const emptyMap = Buffer.from([0xa0]);
const pair = Buffer.from([0x82, 1, 1]);

function growthOf(name: string): Record<string, (bytes: number) => Uint8Array> {
  switch (name) {
    case "client-frames":
      return {
        ...expensiveMaps("request", (body) => head(0x30, body)),
        "names to find": withArray(0x20, { request: one }, "names", emptyText),
        "ids to find, none good": withArray(0x20, { request: one }, "ids", emptyText),
        "staged keys, none good": withArray(0x31, { request: one, group: one }, "keys", emptyMap),
      };
    case "server-frames":
      return {
        ...expensiveMaps("request", (body) => head(0x8e, body)),
        "users, none good": withArray(0xa0, { request: one }, "users", emptyMap),
        "groups, none good": withArray(0xb0, { request: one }, "groups", emptyMap),
        cursors: withArray(0xc1, { group: one }, "cursors", pair),
        presence: withArray(0xc2, { group: one, offline: Buffer.from([0x80]) }, "online", one),
      };
    default:
      return {
        ...expensiveMaps("request", (body) => head(0x03, body)),
        interest: withArray(0x02, { request: one, leave: Buffer.from([0x80]) }, "join", one),
        "interest, none good": withArray(0x02, { request: one, leave: Buffer.from([0x80]) }, "join", emptyText),
        "empty DELIVERs": (bytes) => head(0x01, Buffer.alloc(bytes - (bytes % 4))),
      };
  }
}

const deliverHeader = Buffer.from([1, 0x82, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1]);

/** As many empty messages as fit, behind a header that says how many. */
function manyDelivered(bytes: number): Uint8Array {
  const count = Math.floor(bytes / 32);
  const message = Buffer.alloc(32);
  message[7] = 1; // sender
  message[27] = 1; // epoch
  const frame = Buffer.concat([deliverHeader, ...Array.from({ length: count }, () => message)]);
  frame.writeUInt16BE(count, 2);
  return frame;
}

function manyAcknowledged(bytes: number): Uint8Array {
  const count = Math.min(ackEntriesMax, Math.floor(bytes / 24));
  const entry = Buffer.alloc(24, 1);
  entry.fill(0, 8, 10);
  entry.fill(0, 16, 18);
  const frame = Buffer.concat([Buffer.from([1, 0x81, 0, 0]), ...Array.from({ length: count }, () => entry)]);
  frame.writeUInt16BE(count, 2);
  return frame;
}

const cursor = new DeliverCursor();

export const targets: readonly FuzzTarget[] = [
  direction("client-frames", clientFrames, { encode: encodeClientFrame, parse: parseClientFrame }),
  direction("server-frames", serverFrames, { encode: encodeServerFrame, parse: parseServerFrame }),
  direction("link-frames", linkFrames, { encode: encodeLinkFrame, parse: parseLinkFrame }),
  {
    name: "acks",
    bytesMax: limits.frameBytesMax,
    seeds: () => framesOf(frameOf(serverFrames, "ack"), encodeServerFrame),
    run: parseAck,
    growth: { "many entries": manyAcknowledged },
  },
  {
    // One cursor reads all frames, as a receiver's does, so that a trace of one frame in the next would show.
    name: "deliver-cursor",
    bytesMax: limits.frameBytesMax,
    seeds: () => framesOf(frameOf(serverFrames, "deliver"), encodeServerFrame),
    run(bytes) {
      const fault = cursor.begin(bytes);
      const parsed = parseDeliver(bytes);
      assert.equal(fault === undefined, parsed.ok, "cursor and parser disagree");
      if (fault) {
        assert.equal(cursor.next(), false, "a frame with a fault is read");
        return { ok: false, reason: fault };
      }
      let payloadBytes = 0;
      let messages = 0;
      for (; cursor.next(); messages++) {
        assert.ok(Number.isSafeInteger(cursor.seq) && Number.isSafeInteger(cursor.sender) && cursor.epoch > 0);
        payloadBytes += cursor.payload.length;
      }
      assert.equal(messages, cursor.count);
      assert.equal(20 + messages * 32 + payloadBytes, bytes.length, "messages do not fill their frame");
      return accepted("a frame");
    },
    growth: { "empty messages": manyDelivered },
  },
];
