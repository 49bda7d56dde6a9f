import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import * as ws from "ws";
import { present } from "../../testing/present.ts";
import { propertyRuns } from "../../testing/property-runs.ts";
import { clientFrame, FrameReader, opcodes } from "./web-socket-frames.ts";

const messageBytesMax = 100_000;

/** The reading and the writing half of `ws`, which its types do not declare. */
interface Halves {
  readonly Receiver: new (of: { isServer: boolean; binaryType: "nodebuffer" }) => NodeJS.WritableStream;
  readonly Sender: new (
    socket: unknown,
  ) => {
    send(message: Buffer, of: { binary: true; fin: true; compress: false; mask: false }, done: () => void): void;
    close(code: number, reason: string, mask: boolean, done: () => void): void;
  };
}
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- ws exports both, which its types leave out
const { Receiver, Sender } = ws as unknown as Halves;

/** A server's frame, as RFC 6455 section 5.2 lays it out. */
function serverFrame(opcode: number, payload: Uint8Array, isLast = true): Buffer {
  const { length } = payload;
  const first = (isLast ? 0x80 : 0) | opcode;
  if (length < 126) return Buffer.concat([Buffer.from([first, length]), payload]);
  if (length < 0x1_0000) return Buffer.concat([Buffer.from([first, 126, length >> 8, length & 0xff]), payload]);
  const head = Buffer.alloc(10);
  head[0] = first;
  head[1] = 127;
  head.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([head, payload]);
}

function read(pieces: readonly Uint8Array[]) {
  const seen: string[] = [];
  const reader = new FrameReader(
    {
      binary: (payload) => seen.push(`binary ${Buffer.from(payload).toString("hex")}`),
      ping: (payload) => seen.push(`ping ${Buffer.from(payload).toString("hex")}`),
      closed: (code, reason) => seen.push(`closed ${code} ${reason}`),
      broken: (reason) => seen.push(`broken ${reason}`),
    },
    messageBytesMax,
  );
  for (const piece of pieces) reader.read(piece);
  return seen;
}

const hex = (text: string) => Buffer.from(text).toString("hex");

test("messages come whole, in whatever pieces they arrive", () => {
  const message = fc.record({
    payload: fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.integer({ min: 120, max: 70_000 }).map((length) => new Uint8Array(length).fill(7)),
    ),
    fragments: fc.integer({ min: 1, max: 3 }),
    pingBetween: fc.boolean(),
  });
  fc.assert(
    fc.property(
      fc.array(message, { minLength: 1, maxLength: 4 }),
      fc.array(fc.nat(), { maxLength: 12 }),
      (messages, cuts) => {
        const frames: Buffer[] = [];
        const expected: string[] = [];
        for (const { payload, fragments, pingBetween } of messages) {
          const size = Math.ceil(payload.length / fragments);
          for (let i = 0; i < fragments; i++) {
            const part = payload.subarray(i * size, (i + 1) * size);
            frames.push(serverFrame(i === 0 ? opcodes.binary : opcodes.continuation, part, i === fragments - 1));
            if (pingBetween && i < fragments - 1) {
              frames.push(serverFrame(opcodes.ping, Buffer.from("here?")));
              expected.push(`ping ${hex("here?")}`);
            }
          }
          expected.push(`binary ${Buffer.from(payload).toString("hex")}`);
        }
        const bytes = Buffer.concat(frames);
        const at = [0, ...cuts.map((cut) => cut % bytes.length).sort((a, b) => a - b), bytes.length];
        const pieces = at.slice(1).map((end, i) => bytes.subarray(at[i], end));
        assert.deepEqual(read(pieces), expected);
      },
    ),
    propertyRuns(200),
  );
});

test("bytes that arrive one at a time give the same events as all at once", () => {
  const bytes = Buffer.concat([
    serverFrame(opcodes.binary, Buffer.alloc(300, 1)),
    serverFrame(opcodes.close, Buffer.from([0x0f, 0xa6, ...Buffer.from("bye")])),
  ]);
  assert.deepEqual(read([...bytes].map((byte) => Buffer.from([byte]))), read([bytes]));
  assert.equal(read([bytes])[1], "closed 4006 bye");
});

test("a protocol violation is named, and nothing after it is read", () => {
  const good = serverFrame(opcodes.binary, Buffer.from("later"));
  for (const [what, bytes, reason] of [
    ["reserved bits", Buffer.from([0xc2, 0]), /reserved/],
    ["a masked frame", Buffer.from([0x82, 0x80, 1, 2, 3, 4]), /masked/],
    ["an unknown opcode", Buffer.from([0x83, 0]), /opcode 3/],
    ["a text message", serverFrame(opcodes.text, Buffer.from("hi")), /opcode 1/],
    ["a continuation of nothing", serverFrame(opcodes.continuation, Buffer.from("x")), /nothing/],
    [
      "a message within another",
      Buffer.concat([serverFrame(opcodes.binary, Buffer.from("a"), false), good]),
      /within another/,
    ],
    ["a cut control frame", Buffer.from([0x09, 0]), /cut/],
    ["a long control frame", serverFrame(opcodes.ping, Buffer.alloc(126)), /too long/],
    ["a message that is too large", serverFrame(opcodes.binary, Buffer.alloc(messageBytesMax + 1)), /bytes/],
    ["a length of 64 bits", Buffer.from([0x82, 127, 255, 255, 255, 255, 255, 255, 255, 255]), /bytes/],
  ] as const) {
    const seen = read([Buffer.concat([bytes, good])]);
    assert.match(present(seen.at(-1)), /^broken/, what);
    assert.match(present(seen.at(-1)), reason, what);
    assert.equal(seen.length, 1, what);
  }
});

test("fragments may not add up to more than a message may have", () => {
  const part = Buffer.alloc(messageBytesMax / 2 + 1);
  const seen = read([serverFrame(opcodes.binary, part, false), serverFrame(opcodes.continuation, part, true)]);
  assert.match(seen.join(), /^broken/);
});

test("random bytes never throw", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 10 }), (pieces) => void read(pieces)),
    propertyRuns(2000),
  );
});

test("another implementation reads what is written, masked and whole", async () => {
  for (const length of [0, 1, 5, 125, 126, 65_535, 65_536, 100_000]) {
    const payload = Buffer.alloc(length, 0xa5);
    const received = await new Promise<Buffer>((resolve, reject) => {
      const receiver = new Receiver({ isServer: true, binaryType: "nodebuffer" });
      receiver.on("message", resolve).on("error", reject);
      receiver.write(clientFrame(opcodes.binary, payload));
    });
    assert.ok(received.equals(payload), `${length} bytes`);
  }
});

test("what another implementation writes is read", () => {
  const pieces: Buffer[] = [];
  const sender = new Sender({
    cork() {},
    uncork() {},
    write: (piece: Buffer) => pieces.push(Buffer.from(piece)),
  });
  sender.send(Buffer.from("hello"), { binary: true, fin: true, compress: false, mask: false }, () => {});
  sender.close(4007, "slow_consumer", false, () => {});
  assert.deepEqual(read([Buffer.concat(pieces)]), [`binary ${hex("hello")}`, "closed 4007 slow_consumer"]);
});
