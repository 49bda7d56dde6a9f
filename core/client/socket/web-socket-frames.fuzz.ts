import assert from "node:assert/strict";
import type { FuzzTarget } from "../../fuzz/target.ts";
import { accepted, refused } from "../../platform/result.ts";
import { FrameReader, opcodes } from "./web-socket-frames.ts";

const messageBytesMax = 256 * 1024;

/** A server's frame (RFC 6455 section 5.2). */
function frame(opcode: number, payload: Uint8Array, isLast = true): Uint8Array {
  const { length } = payload;
  const first = (isLast ? 0x80 : 0) | opcode;
  const head =
    length < 126
      ? [first, length]
      : length < 2 ** 16
        ? [first, 126, length >> 8, length & 0xff]
        : [first, 127, 0, 0, 0, 0, 0, length >> 16, (length >> 8) & 0xff, length & 0xff];
  return Buffer.concat([Buffer.from(head), payload]);
}

/** The events of a reader whose bytes arrive in pieces of this size. */
function read(bytes: Uint8Array, pieceBytes: number): string[] {
  const seen: string[] = [];
  const reader = new FrameReader(
    {
      binary: (payload) => {
        assert.ok(payload.length <= messageBytesMax, "a message over the limit");
        seen.push(`binary ${payload.length} ${payload.at(0)} ${payload.at(-1)}`);
      },
      ping: (payload) => seen.push(`ping ${payload.length}`),
      closed: (code, reason) => seen.push(`closed ${code} ${reason.length}`),
      broken: (reason) => seen.push(`broken ${reason}`),
    },
    messageBytesMax,
  );
  for (let at = 0; at < bytes.length; at += pieceBytes) reader.read(bytes.subarray(at, at + pieceBytes));
  return seen;
}

/** An input: its first byte is the size of the pieces in which the rest arrives. */
const arriving = (pieceBytes: number, ...frames: readonly Uint8Array[]) =>
  Buffer.concat([Buffer.from([pieceBytes]), ...frames]);

const many = (bytes: number, of: Uint8Array) => Buffer.alloc(bytes - (bytes % of.length), of);
const { binary, continuation, ping, pong, close } = opcodes;
const empty = new Uint8Array(0);

export const targets: readonly FuzzTarget[] = [
  {
    name: "web-socket-frames",
    bytesMax: 2 * messageBytesMax,
    seeds: () => [
      arriving(0, frame(binary, Buffer.from("hello")), frame(ping, empty), frame(pong, Buffer.from("x"))),
      arriving(3, frame(binary, Buffer.alloc(300, 1)), frame(close, Buffer.from([0x03, 0xe8, 0x62, 0x79, 0x65]))),
      arriving(1, frame(binary, Buffer.from("a"), false), frame(ping, empty), frame(continuation, Buffer.from("b"))),
      arriving(7, frame(binary, empty, false), frame(continuation, empty, false), frame(continuation, empty)),
      arriving(0, frame(binary, Buffer.alloc(70_000, 1))),
    ],
    run(bytes) {
      const [pieceBytes = 0] = bytes;
      const stream = bytes.subarray(1);
      const whole = read(stream, stream.length + 1);
      if (pieceBytes > 0) assert.deepEqual(read(stream, pieceBytes), whole, "in pieces it says something else");
      const kinds = [...new Set(whole.map((event) => event.split(" ")[0]))].join(" ");
      const broken = whole.find((event) => event.startsWith("broken"));
      return broken === undefined ? accepted(kinds) : refused(`${kinds}: ${broken}`);
    },
    growth: {
      "small messages": (bytes) => arriving(0, many(bytes, frame(binary, Buffer.from("x")))),
      "one message, byte by byte": (bytes) =>
        arriving(1, frame(binary, Buffer.alloc(Math.min(bytes, messageBytesMax)))),
      "fragments of a byte": (bytes) =>
        arriving(0, frame(binary, empty, false), many(bytes, frame(continuation, Buffer.from("x"), false))),
      "empty fragments": (bytes) =>
        arriving(0, frame(binary, empty, false), many(bytes, frame(continuation, empty, false))),
      pings: (bytes) => arriving(2, many(bytes, frame(ping, empty))),
    },
  },
];
