import assert from "node:assert/strict";
import { fixedKey } from "../fuzz/fixture.ts";
import type { FuzzTarget } from "../fuzz/target.ts";
import { accepted, refused } from "../platform/result.ts";
import { chunkCount, chunkPlainBytes, chunkStoredBytes } from "../wire/attachment.ts";
import { equalBytes, readUint32, readUint53, writeUint32, writeUint53 } from "../wire/bytes.ts";
import { openChunk, plainBytesOf, sealChunk } from "./attachment.ts";

const headBytes = 12;

/** What the other side decides: the file's size, which chunk it is, and the chunk. */
function asked(size: number, index: number, chunk: Uint8Array): Uint8Array {
  const input = Buffer.alloc(headBytes + chunk.length);
  writeUint53(input, 0, size);
  writeUint32(input, 8, index);
  input.set(chunk, headBytes);
  return input;
}

const plain = (size: number, index: number) =>
  Buffer.alloc(plainBytesOf({ size, chunks: chunkCount(size) }, index), index);

function genuine(size: number, index: number): Uint8Array {
  const shape = { size, chunks: chunkCount(size) };
  return asked(size, index, sealChunk(fixedKey, shape, index, plain(size, index)));
}

const small = [genuine(0, 0), genuine(5, 0), genuine(chunkPlainBytes + 3, 1), genuine(2 * chunkPlainBytes + 40, 2)];

export const targets: readonly FuzzTarget[] = [
  {
    // A chunk that opens was sealed for this file and index, so it has the bytes that were sealed.
    name: "attachment-chunks",
    bytesMax: headBytes + chunkStoredBytes,
    seeds: () => [...small, genuine(chunkPlainBytes + 3, 0)],
    run(bytes) {
      if (bytes.length < headBytes) return refused("no head");
      const size = readUint53(bytes, 0);
      if (Number.isNaN(size)) return refused("no size");
      const chunks = chunkCount(size);
      const index = readUint32(bytes, 8) % chunks;
      const opened = openChunk(fixedKey, { size, chunks }, index, bytes.subarray(headBytes));
      if (!opened.ok) return opened;
      assert.ok(equalBytes(opened.value, plain(size, index)), "a chunk that nobody has sealed");
      return accepted("a chunk");
    },
    growth: { "a full chunk": (bytes) => genuine(Math.max(0, bytes - headBytes - 16), 0) },
  },
];
