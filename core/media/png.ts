import { crc32 } from "node:zlib";
import { exifOf, orientationOf } from "./exif.ts";
import type { PictureFormat, StoredShape } from "./format.ts";
import { Unsound } from "./unsound.ts";

/** PNG, third edition (W3C 2025). */
export const png: PictureFormat = { header, strip };

const signatureBytes = 8;

interface Chunk {
  readonly name: string;
  readonly payload: Buffer;
  /** All of its bytes: length, name and checksum included. */
  readonly whole: Buffer;
  /** Its end in the file. */
  readonly end: number;
}

/** The chunks of a PNG up to its IEND; of a file that is cut off, the whole ones. */
function* chunks(bytes: Buffer): Generator<Chunk, void> {
  for (let at = signatureBytes; at + 12 <= bytes.length; ) {
    const end = at + 12 + bytes.readUInt32BE(at);
    if (end > bytes.length) return;
    const name = bytes.toString("latin1", at + 4, at + 8);
    yield { name, payload: bytes.subarray(at + 8, end - 4), whole: bytes.subarray(at, end), end };
    if (name === "IEND") return;
    at = end;
  }
}

/** A PNG's end, its packed pixels, and whether they are interlaced: in seven passes, one behind the other. */
export function pngPixels(bytes: Buffer): { end: number; packed: Buffer[]; isInterlaced: boolean } {
  const packed: Buffer[] = [];
  for (const { name, payload, end } of chunks(bytes)) {
    if (name === "IEND") return { end, packed, isInterlaced: bytes.readUInt8(28) !== 0 };
    if (name === "IDAT") packed.push(payload);
  }
  throw new Unsound("it has no end");
}

/** Reads IHDR, which comes first, and eXIf, which comes before or behind the pixels. */
function header(bytes: Buffer): StoredShape {
  if (bytes.toString("latin1", 12, 16) !== "IHDR") throw new Unsound();
  const size = { width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) };
  for (const { name, payload } of chunks(bytes)) {
    if (name === "eXIf") return { ...size, orientation: orientationOf(payload) };
  }
  return { ...size, orientation: 1 };
}

/** Chunks that are needed to draw a PNG, besides the critical ones, whose names begin with a capital letter. */
const needed = new Set("tRNS gAMA cHRM sRGB iCCP sBIT bKGD hIST pHYs sPLT acTL fcTL fdAT cICP mDCV cLLI".split(" "));

function strip(bytes: Buffer): Buffer[] {
  const kept = [bytes.subarray(0, signatureBytes)];
  for (const { name, payload, whole } of chunks(bytes)) {
    if (name === "eXIf") {
      const orientation = orientationOf(payload);
      if (orientation !== 1) kept.push(exifChunk(orientation));
    } else if (/^[A-Z]/.test(name) || needed.has(name)) kept.push(whole);
    if (name === "IEND") return kept;
  }
  throw new Unsound("it has no end");
}

function exifChunk(orientation: number): Buffer {
  const tiff = exifOf(orientation);
  const chunk = Buffer.alloc(12 + tiff.length);
  chunk.writeUInt32BE(tiff.length, 0);
  chunk.write("eXIf", 4, "latin1");
  tiff.copy(chunk, 8);
  chunk.writeUInt32BE(crc32(chunk.subarray(4, 8 + tiff.length)), 8 + tiff.length);
  return chunk;
}
