import assert from "node:assert/strict";
import { test } from "node:test";
import { chunkCount, storedBytes, storedChunkBytes } from "./attachment.ts";

test("a file has one chunk for each 65,536 bytes that it begins, and an empty file has one", () => {
  for (const [size, chunks] of [
    [0, 1],
    [1, 1],
    [65_536, 1],
    [65_537, 2],
    [131_072, 2],
    [131_073, 3],
  ] as const) {
    assert.equal(chunkCount(size), chunks, `${size} bytes`);
  }
});

test("a chunk has 16 bytes more at the server, and only the last is shorter than 65,552", () => {
  for (const [size, ...chunks] of [
    [0, 16],
    [5, 21],
    [65_536, 65_552],
    [65_537, 65_552, 17],
    [131_072, 65_552, 65_552],
    [131_075, 65_552, 65_552, 19],
  ] as const) {
    assert.deepEqual(
      chunks.map((_, index) => storedChunkBytes(size, index)),
      chunks,
      `${size} bytes`,
    );
    assert.equal(
      storedBytes(size),
      chunks.reduce((sum: number, bytes) => sum + bytes, 0),
      `${size} bytes`,
    );
  }
});
