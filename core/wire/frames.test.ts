import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { inspect } from "node:util";
import { encode } from "cborg";
import fc from "fast-check";
import type { Parsed } from "../platform/result.ts";
import {
  anyBytes,
  anyEntry,
  anyFrameOf,
  clientFrames,
  frameOf,
  linkFrames,
  type OneOfEach,
  serverFrames,
} from "../testing/arbitrary-frames.ts";
import { propertyRuns } from "../testing/property-runs.ts";
import { encodeClientFrame, parseClientFrame } from "./client-frame.ts";
import { DeliverCursor, deliverHeaderBytes, encodeDeliver, parseDeliver } from "./deliver-frame.ts";
import { type FrameFault, protocolVersion } from "./frame.ts";
import { clientMessageId, epoch, groupId, idMax, seq, userId } from "./ids.ts";
import { limits } from "./limits.ts";
import { encodeLinkFrame, parseLinkFrame } from "./link-frame.ts";
import { encodeEntryBody, joinEntry, parseEntry, signatureBytes } from "./membership-entry.ts";
import { encodeServerFrame, parseServerFrame } from "./server-frame.ts";

interface Codec<Frame> {
  encode(frame: Frame): Uint8Array;
  parse(bytes: Uint8Array): Parsed<Frame, FrameFault>;
}

/** A value whose byte arrays compare equal whether or not they are a `Buffer`. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return { hex: Buffer.from(value).toString("hex") };
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, of]) => [key, plain(of)]));
}

framesGoThrough("client", clientFrames, { encode: encodeClientFrame, parse: parseClientFrame });
framesGoThrough("server", serverFrames, { encode: encodeServerFrame, parse: parseServerFrame });
framesGoThrough("link", linkFrames, { encode: encodeLinkFrame, parse: parseLinkFrame });

function framesGoThrough<Frame extends { readonly kind: string }>(
  direction: string,
  each: OneOfEach<Frame>,
  { encode, parse }: Codec<Frame>,
): void {
  const any = anyFrameOf(each);
  suite(`${direction} frames`, () => {
    test("come out as they went in", () => {
      fc.assert(
        fc.property(any, (frame) => {
          const parsed = parse(encode(frame));
          assert.ok(parsed.ok, inspect(parsed));
          assert.deepEqual(plain(parsed.value), plain(frame));
        }),
        propertyRuns(400),
      );
    });

    test("are refused when cut at any byte", () => {
      fc.assert(
        fc.property(any, (frame) => {
          const bytes = encode(frame);
          for (let length = 0; length < bytes.length; length++) {
            const cut = bytes.subarray(0, length);
            const parsed = parse(cut);
            // Several DELIVERs in a row, cut between two of them, are fewer DELIVERs.
            if (parsed.ok && frame.kind === "linkDeliver")
              assert.deepEqual(Buffer.from(encode(parsed.value)), Buffer.from(cut));
            else assert.equal(parsed.ok, false, `cut after ${length} of ${bytes.length} bytes`);
          }
        }),
        propertyRuns(100),
      );
    });

    test("are refused with anything behind their end", () => {
      fc.assert(
        fc.property(any, fc.integer({ min: 0, max: 255 }), (frame, byte) => {
          assert.equal(parse(Buffer.concat([encode(frame), Buffer.from([byte])])).ok, false);
        }),
        propertyRuns(400),
      );
    });

    test("never throw, whatever the bytes are", () => {
      fc.assert(
        fc.property(anyBytes(600), fc.integer({ min: 0, max: 255 }), (bytes, kind) => {
          parse(bytes);
          const parsed = parse(Buffer.from([protocolVersion, kind, ...bytes]));
          if (!parsed.ok) assert.ok(parsed.reason.code.length > 0 && parsed.reason.detail.length > 0);
        }),
        propertyRuns(2000),
      );
    });

    test("never throw when some of their bytes are changed", () => {
      fc.assert(
        fc.property(
          any,
          fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 4 }),
          (frame, changes) => {
            const bytes = Buffer.from(encode(frame));
            for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
            parse(bytes);
          },
        ),
        propertyRuns(1000),
      );
    });
  });
}

test("a frame over the limit is refused as too large, whatever it holds", () => {
  const bytes = new Uint8Array(limits.frameBytesMax + 1);
  bytes[0] = protocolVersion;
  for (const parse of [parseClientFrame, parseServerFrame]) {
    const parsed = parse(bytes);
    assert.equal(!parsed.ok && parsed.reason.code, "frame_too_large");
  }
});

test("a parsed cold frame is a copy: changing the buffer in which it came changes nothing", () => {
  const bytes = Buffer.from(encodeClientFrame({ kind: "change", request: 1, entry: Buffer.from("an entry") }));
  const parsed = parseClientFrame(bytes);
  bytes.fill(0);
  assert.equal(parsed.ok && parsed.value.kind === "change" && Buffer.from(parsed.value.entry).toString(), "an entry");
});

test("the cursor reads from a DELIVER what the parser reads from it", () => {
  fc.assert(
    fc.property(frameOf(serverFrames, "deliver"), (frame) => {
      const bytes = encodeServerFrame(frame);
      const parsed = parseDeliver(bytes);
      assert.ok(parsed.ok);
      const cursor = new DeliverCursor();
      assert.equal(cursor.begin(bytes), undefined);
      for (const [i, message] of parsed.value.messages.entries()) {
        assert.ok(cursor.next());
        assert.deepEqual(plain(cursor.message()), plain(message));
        assert.equal(cursor.seq, parsed.value.firstSeq + i);
        assert.equal(
          (BigInt(cursor.clientMessageIdHigh) << 32n) | BigInt(cursor.clientMessageIdLow),
          message.clientMessageId,
        );
      }
      assert.equal(cursor.next(), false);
    }),
    propertyRuns(400),
  );
});

test("a DELIVER whose seqs would pass 2^53 - 1 is refused", () => {
  const message = {
    sender: userId(1),
    clientMessageId: clientMessageId(1n),
    type: 0 as const,
    sentAt: 1,
    epoch: epoch(1),
    payload: new Uint8Array(0),
  };
  const bytes = encodeDeliver({
    group: groupId(1),
    firstSeq: seq(idMax),
    messages: [message],
  });
  assert.equal(parseDeliver(bytes).ok, false);
  assert.ok(bytes.length > deliverHeaderBytes);
});

suite("membership entries", () => {
  const travelling = anyEntry.map((entry) => joinEntry(Buffer.alloc(signatureBytes, 7), encodeEntryBody(entry)));

  test("come out as they went in", () => {
    fc.assert(
      fc.property(anyEntry, (entry) => {
        const parsed = parseEntry(joinEntry(Buffer.alloc(signatureBytes, 7), encodeEntryBody(entry)));
        assert.ok(parsed.ok, JSON.stringify(parsed));
        assert.deepEqual(plain(parsed.value.entry), plain(entry));
        assert.deepEqual(Buffer.from(parsed.value.body), Buffer.from(encodeEntryBody(entry)));
      }),
      propertyRuns(400),
    );
  });

  test("are refused when cut at any byte, and never throw", () => {
    fc.assert(
      fc.property(travelling, anyBytes(300), (bytes, noise) => {
        for (let length = 0; length < bytes.length; length++)
          assert.equal(parseEntry(bytes.subarray(0, length)).ok, false);
        parseEntry(noise);
        parseEntry(Buffer.concat([Buffer.alloc(signatureBytes), noise]));
      }),
      propertyRuns(100),
    );
  });
});

test("byte strings where lists are meant are refused, and nothing throws", () => {
  const bytes = Buffer.from([1, 2, 3]);
  const head = (kind: number, body: Record<string, unknown>) =>
    Buffer.concat([Buffer.from([protocolVersion, kind]), encode(body)]);
  for (const parsed of [
    parseServerFrame(head(0xc2, { group: 7, online: bytes, offline: [] })),
    parseServerFrame(head(0xc1, { group: 7, cursors: bytes })),
    parseServerFrame(head(0xc1, { group: 7, cursors: [bytes] })),
    parseLinkFrame(head(0x02, { request: 1, join: bytes, leave: bytes })),
    parseLinkFrame(head(0x10, { group: 7, index: 0, epoch: 1, seq: 1, joined: bytes, left: bytes })),
  ]) {
    assert.equal(parsed.ok, false);
  }
});
