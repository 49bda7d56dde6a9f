import assert from "node:assert/strict";
import { expensiveMaps } from "../fuzz/cbor-form.ts";
import type { FuzzTarget } from "../fuzz/target.ts";
import { equalBytes } from "../wire/bytes.ts";
import { limits } from "../wire/limits.ts";
import { type Content, encodeContent, parseContent, wordsOf } from "./content.ts";

const file: Content = {
  kind: "file",
  name: "holiday.jpg",
  mediaType: "image/jpeg",
  size: 123_456,
  attachment: Buffer.alloc(16, 1),
  key: Buffer.alloc(32, 2),
  hash: Buffer.alloc(32, 3),
};

export const targets: readonly FuzzTarget[] = [
  {
    name: "contents",
    bytesMax: limits.payloadBytesMax,
    cborFrom: 0,
    seeds: () =>
      [
        { kind: "text", text: "hello" } as const,
        { kind: "text", text: "\ufeffñ 🙂" } as const,
        file,
        { ...file, size: Number.MAX_SAFE_INTEGER, text: "look" },
      ].map(encodeContent),
    run(bytes) {
      const parsed = parseContent(bytes);
      if (!parsed.ok) return parsed;
      wordsOf(parsed.value);
      const again = encodeContent(parsed.value);
      assert.equal(again.length, bytes.length, "written down again it has another length");
      const reread = parseContent(again);
      assert.ok(reread.ok && equalBytes(encodeContent(reread.value), again));
      return parsed;
    },
    growth: expensiveMaps("text"),
  },
];
