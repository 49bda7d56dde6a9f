import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { propertyRuns } from "../../testing/property-runs.ts";
import { safeFileName } from "./file-name.ts";

test("a name from somebody else becomes a plain file name: no path, not hidden, not reserved", () => {
  for (const [given, safe] of [
    ["photo.jpg", "photo.jpg"],
    ["Ferien in Zürich.jpg", "Ferien in Zürich.jpg"],
    ["写真.png", "写真.png"],
    ["../../.ssh/authorized_keys", "authorized_keys"],
    ["/etc/passwd", "passwd"],
    ["C:\\Windows\\system32\\evil.exe", "evil.exe"],
    [".bashrc", "bashrc"],
    ["...", "file"],
    ["", "file"],
    ["/", "file"],
    ["a\u0000b.txt", "ab.txt"],
    ["line\nbreak\u001b[31m.txt", "linebreak[31m.txt"],
    // The override shows this as "annexe.txt": a program that looks like a text.
    ["ann\u202etxt.exe", "anntxt.exe"],
    ["zero\u200bwidth.txt", "zerowidth.txt"],
    ["CON", "file"],
    [".CON", "file"],
    ["C\u200b\u0301.txt", "\u0106.txt"],
    ["trailing. ", "trailing"],
    ['a<b>c:d"e|f?g*.txt', "abcdefg.txt"],
  ] as const) {
    assert.equal(safeFileName(given), safe, JSON.stringify(given));
  }
});

test("whatever the name, it stays in its directory, is not hidden, and fits", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 400 }), (name) => {
      const safe = safeFileName(name);
      assert.equal(path.dirname(path.join("/saved", safe)), "/saved");
      assert.ok(safe !== "" && !safe.startsWith(".") && !/[\p{Cc}\p{Cf}/\\]/u.test(safe), JSON.stringify(safe));
      assert.ok(Buffer.byteLength(safe) <= 255);
    }),
    propertyRuns(2000),
  );
});
