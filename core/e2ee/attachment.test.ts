import assert from "node:assert/strict";
import { test } from "node:test";
import { createFileKey, openChunk, plainBytesOf, sealChunk } from "./attachment.ts";

const key = Buffer.alloc(32, 5);
const full = 65_536;
/** A file of two full chunks and three bytes. */
const shape = { size: 2 * full + 3, chunks: 3 };
const plain = (index: number) => Buffer.alloc(plainBytesOf(shape, index), index + 1);
const chunk = (index: number) => sealChunk(key, shape, index, plain(index));

function outcome(sealed: Uint8Array, index: number, of = shape, by: Uint8Array = key): string {
  const opened = openChunk(by, of, index, sealed);
  return opened.ok ? "opened" : opened.reason;
}

test("all chunks of a file are full but the last, which may be full, too", () => {
  assert.deepEqual(
    [0, 1, 2].map((index) => plainBytesOf(shape, index)),
    [full, full, 3],
  );
  assert.equal(plainBytesOf({ size: full, chunks: 1 }, 0), full);
  assert.equal(plainBytesOf({ size: 0, chunks: 1 }, 0), 0);
});

test("a chunk opens to its bytes in its place, and is 16 bytes longer at the server", () => {
  for (const index of [0, 1, 2]) {
    const sealed = chunk(index);
    assert.equal(sealed.length, plain(index).length + 16);
    const opened = openChunk(key, shape, index, sealed);
    assert.ok(opened.ok && Buffer.from(opened.value).equals(plain(index)), `chunk ${index}`);
  }
  const empty = { size: 0, chunks: 1 };
  assert.equal(outcome(sealChunk(key, empty, 0, Buffer.alloc(0)), 0, empty), "opened");
});

test("a chunk that was moved, changed or is another file's does not open, and nothing throws", () => {
  const refusal = (index: number) => `chunk ${index} of 3 was changed, moved or is another file's`;
  assert.equal(outcome(chunk(0), 1), refusal(1));
  assert.equal(outcome(chunk(1), 0), refusal(0));
  assert.equal(outcome(chunk(0), 0, shape, Buffer.alloc(32, 6)), refusal(0));
  for (const at of [0, full - 1, full, full + 15]) {
    const changed = chunk(0);
    changed[at] = (changed[at] ?? 0) ^ 1;
    assert.equal(outcome(changed, 0), refusal(0), `changed at ${at}`);
  }
});

test("a chunk is bound to the size of its file and to how many chunks that has", () => {
  assert.match(outcome(chunk(0), 0, { ...shape, size: shape.size + 1 }), /changed, moved/);
  assert.match(outcome(chunk(0), 0, { ...shape, chunks: 4 }), /changed, moved/);
});

test("a chunk of another length is refused by its length", () => {
  const longer = Buffer.concat([chunk(2), Buffer.alloc(1)]);
  for (const sealed of [new Uint8Array(0), chunk(2).subarray(1), longer]) {
    assert.equal(outcome(sealed, 2), `chunk 2 of 3 has ${sealed.length} bytes`);
  }
});

test("equal bytes at two places of a file are sealed as different ones", () => {
  const zeros = Buffer.alloc(full);
  const sealed = [0, 1].map((index) => sealChunk(key, shape, index, zeros).subarray(0, full));
  assert.notDeepEqual(sealed[0], sealed[1]);
});

test("each file has a random key of 32 bytes", () => {
  assert.equal(createFileKey().length, 32);
  assert.notDeepEqual(createFileKey(), createFileKey());
});
