import assert from "node:assert/strict";
import { test } from "node:test";
import {
  copyBytes,
  equalBytes,
  readUint8,
  readUint16,
  readUint32,
  readUint53,
  readUint64,
  writeUint16,
  writeUint32,
  writeUint53,
  writeUint64,
} from "./bytes.ts";

const hex = (text: string): Uint8Array => Buffer.from(text, "hex");

/** What a writer makes of ten bytes that are all `ee`. */
function written(write: (bytes: Uint8Array) => void): string {
  const bytes = Buffer.alloc(10, 0xee);
  write(bytes);
  return bytes.toString("hex");
}

test("numbers stand in a frame with their highest byte first, and touch no other byte", () => {
  assert.equal(
    written((bytes) => writeUint16(bytes, 1, 0x0102)),
    "ee0102eeeeeeeeeeeeee",
  );
  assert.equal(
    written((bytes) => writeUint32(bytes, 1, 0xf1020304)),
    "eef1020304eeeeeeeeee",
  );
  assert.equal(
    written((bytes) => writeUint53(bytes, 1, 0x1f_ffff_ffff_fffe)),
    "ee001ffffffffffffeee",
  );
  assert.equal(
    written((bytes) => writeUint53(bytes, 1, 0x0001_f000_0002)),
    "ee00000001f0000002ee",
  );
  assert.equal(
    written((bytes) => writeUint64(bytes, 1, 0xf102_0304_f506_0708n)),
    "eef1020304f5060708ee",
  );
});

test("numbers are read from where they lie", () => {
  const bytes = hex("eef1020304f5060708ee");
  assert.deepEqual([readUint8(bytes, 0), readUint8(bytes, 1), readUint8(bytes, 9)], [0xee, 0xf1, 0xee]);
  assert.equal(readUint16(bytes, 1), 0xf102);
  assert.equal(readUint32(bytes, 1), 0xf1020304);
  assert.equal(readUint64(bytes, 1), 0xf102_0304_f506_0708n);
  assert.equal(readUint53(hex("ee00000304f506070809"), 1), 0x0304_f506_0708);
});

test("a number beyond 2^53 - 1 is read as none", () => {
  assert.equal(readUint53(hex("001fffffffffffff"), 0), Number.MAX_SAFE_INTEGER);
  assert.equal(readUint53(hex("0020000000000000"), 0), Number.NaN);
  assert.equal(readUint53(hex("ffffffffffffffff"), 0), Number.NaN);
});

test("bytes are equal when they are as many and the same, whatever they are views of", () => {
  const bytes = Uint8Array.from([1, 2, 3]);
  assert.ok(equalBytes(bytes, Buffer.from([1, 2, 3])));
  assert.ok(equalBytes(new Uint8Array(0), Buffer.alloc(0)));
  for (const other of [
    [1, 2],
    [1, 2, 4],
    [1, 2, 3, 0],
  ]) {
    assert.ok(!equalBytes(bytes, Uint8Array.from(other)), other.join());
    assert.ok(!equalBytes(Uint8Array.from(other), bytes), other.join());
  }
});

test("a copy stays as it is when the bytes are written to", () => {
  const bytes = Buffer.from([1, 2, 3]);
  const copy = copyBytes(bytes);
  bytes.fill(0);
  assert.deepEqual([...copy], [1, 2, 3]);
});
