import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { inspect } from "node:util";
import { z } from "zod";
import { accepted, type Parsed } from "../platform/result.ts";
import { plain, readVectors } from "../testing/vectors.ts";
import { encodeClientFrame, parseClientFrame } from "./client-frame.ts";
import { encodeLinkFrame, parseLinkFrame } from "./link-frame.ts";
import { encodeEntryBody, joinEntry, parseEntry } from "./membership-entry.ts";
import { encodeServerFrame, parseServerFrame } from "./server-frame.ts";

/**
 * `vectors.json` is the protocol in bytes: one frame of every kind, for whoever writes a client in another language. A
 * change that makes this fail breaks every client there is.
 */
const vectors = z
  .array(
    z.strictObject({
      direction: z.enum(["client", "server", "link", "entry"]),
      what: z.string(),
      frame: z.record(z.string(), z.unknown()),
      hex: z.string(),
    }),
  )
  .parse(readVectors("core/wire/vectors.json"));

const signature = Buffer.alloc(64, 0x5a);

/** The value that these bytes are parsed to, and the bytes that it is encoded as. */
function goThrough<T>(
  parsed: Parsed<T, unknown>,
  encode: (value: T) => Uint8Array,
): { readonly value: unknown; readonly bytes: Uint8Array } {
  assert.ok(parsed.ok, inspect(parsed));
  return { value: parsed.value, bytes: encode(parsed.value) };
}

const directions = {
  client: (bytes: Uint8Array) => goThrough(parseClientFrame(bytes), encodeClientFrame),
  server: (bytes: Uint8Array) => goThrough(parseServerFrame(bytes), encodeServerFrame),
  link: (bytes: Uint8Array) => goThrough(parseLinkFrame(bytes), encodeLinkFrame),
  entry(bytes: Uint8Array) {
    const parsed = parseEntry(bytes);
    return goThrough(parsed.ok ? accepted(parsed.value.entry) : parsed, (entry) =>
      joinEntry(signature, encodeEntryBody(entry)),
    );
  },
};

for (const { direction, what, frame, hex } of vectors) {
  test(`${direction}: ${what} has the bytes that are written down`, () => {
    const { value, bytes } = directions[direction](Buffer.from(hex, "hex"));
    assert.deepEqual(plain(value), frame);
    assert.equal(Buffer.from(bytes).toString("hex"), hex);
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
    const missing = codes.filter((code) => !written.has(code)).map((code) => `0x${code.toString(16)}`);
    assert.deepEqual(missing, [], `core/wire/vectors.json has no ${direction} frame of these kinds`);
  }
});
