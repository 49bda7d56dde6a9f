import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { isNameCharacter, nameUnicodeVersion } from "./name-characters.ts";
import { canonicalUserName } from "./user-name.ts";

const codePoints = function* () {
  for (let codePoint = 0; codePoint <= 0x10ffff; codePoint++) {
    if (codePoint < 0xd800 || codePoint > 0xdfff) yield codePoint;
  }
};

test("each character that a name may have is a letter, number or mark to this engine, and there are as many as in Unicode 14.0", () => {
  let count = 0;
  for (const codePoint of codePoints()) {
    if (!isNameCharacter(codePoint)) continue;
    count++;
    assert.match(String.fromCodePoint(codePoint), /^[\p{L}\p{N}\p{M}]$/u);
  }
  assert.equal(count, 135_955);
});

test("a name has no characters that are newer than Unicode 14.0, whatever the engine knows", () => {
  for (const [codePoint, isAllowed] of [
    [0x1df00, true], // 14.0
    [0x10570, true], // 14.0
    [0x1e4d0, false], // 15.0
    [0x31350, false], // 15.0
    [0x2ebf0, false], // 15.1
    [0x1c89, false], // 16.0
  ] as const) {
    assert.equal(canonicalUserName(`a${String.fromCodePoint(codePoint)}`).ok, isAllowed, codePoint.toString(16));
  }
});

const python = spawnSync("python3", ["-c", "import unicodedata; print(unicodedata.unidata_version)"]).stdout;
const isSameVersion = String(python).startsWith(`${nameUnicodeVersion}.`);

test("another implementation of Unicode 14.0 has the same letters, numbers and marks", {
  skip: isSameVersion ? false : "there is no Python with Unicode 14.0 here",
}, () => {
  const program = `import unicodedata
print(",".join(str(c) for c in range(0x110000) if unicodedata.category(chr(c))[0] in "LNM"))`;
  const theirs = spawnSync("python3", ["-c", program], { maxBuffer: 16 * 1024 * 1024 })
    .stdout.toString()
    .trim()
    .split(",");
  assert.deepEqual([...codePoints()].filter(isNameCharacter), theirs.map(Number));
});
