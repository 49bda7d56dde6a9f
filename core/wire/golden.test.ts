import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { plain, readVectors, revive } from "../testing/vectors.ts";
import { encodeClientFrame, parseClientFrame } from "./client-frame.ts";
import { encodeLinkFrame, parseLinkFrame } from "./link-frame.ts";
import { encodeEntryBody, joinEntry, type MembershipEntry, parseEntry } from "./membership-entry.ts";
import { encodeServerFrame, parseServerFrame } from "./server-frame.ts";

/**
 * `vectors.json` is the protocol in bytes: one frame of every kind, for whoever writes a client in another language. A
 * change that makes this fail breaks every client there is.
 */
interface Vector {
  readonly direction: "client" | "server" | "link" | "entry";
  readonly what: string;
  readonly frame: Record<string, unknown>;
  readonly hex: string;
}

const vectors = readVectors("core/wire/vectors.json") as readonly Vector[];

const signature = Buffer.alloc(64, 0x5a);

function encode({ direction, frame }: Vector): Uint8Array {
  const revived = revive(frame) as never;
  switch (direction) {
    case "client":
      return encodeClientFrame(revived);
    case "server":
      return encodeServerFrame(revived);
    case "link":
      return encodeLinkFrame(revived);
    case "entry":
      return joinEntry(signature, encodeEntryBody(revived));
    default:
      return direction satisfies never;
  }
}

function parse({ direction, hex }: Vector): unknown {
  const bytes = Buffer.from(hex, "hex");
  if (direction === "entry") {
    const entry = parseEntry(bytes);
    return entry.ok ? (entry.value.entry satisfies MembershipEntry) : entry.reason;
  }
  const parsers = { client: parseClientFrame, server: parseServerFrame, link: parseLinkFrame };
  const parsed = parsers[direction](bytes);
  return parsed.ok ? parsed.value : parsed.reason;
}

for (const vector of vectors) {
  test(`${vector.direction}: ${vector.what} has the bytes that are written down`, () => {
    assert.equal(Buffer.from(encode(vector)).toString("hex"), vector.hex);
    assert.deepEqual(plain(parse(vector)), vector.frame);
  });
}

test("no kind of frame is without a vector", () => {
  const source = (name: string) => readFileSync(new URL(`../../../core/wire/${name}`, import.meta.url), "utf8");
  for (const direction of ["client", "server", "link"] as const) {
    const codes = [...source(`${direction}-frame.ts`).matchAll(/code: (0x[0-9a-f]{2})/g)].map(([, code]) =>
      Number(code),
    );
    const hexes = vectors.filter((of) => of.direction === direction).map(({ hex }) => hex);
    const written = new Set(hexes.map((hex) => Number.parseInt(hex.slice(2, 4), 16)));
    assert.ok(codes.length > 5);
    for (const code of codes) assert.ok(written.has(code), `${direction} frame 0x${code.toString(16)}`);
  }
});
