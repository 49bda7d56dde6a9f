import assert from "node:assert/strict";
import path from "node:path";
import type { FuzzTarget } from "../../fuzz/target.ts";
import { accepted, refused } from "../../platform/result.ts";
import { safeFileName } from "./file-name.ts";

export const targets: readonly FuzzTarget[] = [
  {
    // A file with any name is saved in the folder that the user chose, and is not hidden there.
    name: "file-names",
    bytesMax: 4096,
    words: [
      "/",
      "\\",
      "..",
      ".",
      "~",
      "\0",
      "\u202e",
      "\u200b",
      "\ufeff",
      "con",
      "nul.txt",
      "C:",
      " ",
      "e\u0301",
      "\ud800",
    ],
    seeds: () =>
      ["holiday.jpg", "../../etc/passwd", ".bashrc", "a\u202egpj.exe", "CON", "..", ""].map((name) =>
        Buffer.from(name),
      ),
    run(bytes) {
      const given = Buffer.from(bytes).toString();
      const name = safeFileName(given);
      assert.equal(path.basename(name), name, "a path");
      assert.notEqual(name, "");
      assert.doesNotMatch(name, /^\.|[/\\:\p{Cc}\p{Cf}]/u, "hidden, a path, or not what it looks like");
      assert.ok(Buffer.byteLength(name) <= 255, "longer than file systems allow");
      assert.equal(safeFileName(name), name, "another name for the name");
      return name === given ? accepted("as it is") : refused("under another name");
    },
    growth: {
      "a long name": (bytes) => Buffer.alloc(bytes, "a"),
      "many dots": (bytes) => Buffer.alloc(bytes, "."),
      "many dots within": (bytes) => Buffer.concat([Buffer.from("a"), Buffer.alloc(bytes, "."), Buffer.from("a")]),
      "many spaces": (bytes) => Buffer.concat([Buffer.alloc(bytes, " "), Buffer.from("a")]),
      "many folders": (bytes) => Buffer.alloc(bytes, "a/"),
    },
  },
];
