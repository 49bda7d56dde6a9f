import assert from "node:assert/strict";
import { expensiveMaps } from "../fuzz/cbor-form.ts";
import type { FuzzTarget } from "../fuzz/target.ts";
import { equalBytes } from "../wire/bytes.ts";
import { limits } from "../wire/limits.ts";
import { encodeContent, parseContent, wordsOf } from "./content.ts";
import { sampleFile } from "./testing/sample-file.ts";

export const targets: readonly FuzzTarget[] = [
  {
    name: "contents",
    bytesMax: limits.payloadBytesMax,
    cborFrom: 0,
    seeds: () =>
      [
        { kind: "text", text: "hello" } as const,
        { kind: "text", text: "\ufeffñ 🙂" } as const,
        sampleFile,
        { ...sampleFile, size: Number.MAX_SAFE_INTEGER, text: "look" },
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
