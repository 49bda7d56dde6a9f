import { exifOf, orientationOf } from "./exif.ts";
import type { PictureFormat, StoredShape } from "./format.ts";
import type { PixelSize } from "./pixels.ts";
import { Unsound } from "./unsound.ts";

/** WebP: RFC 9649. */
export const webp: PictureFormat = { header, strip };

interface Chunk {
  readonly name: string;
  readonly payload: Buffer;
  /** All of its bytes: name, length and, where the file has one, the byte that makes its length even. */
  readonly whole: Buffer;
}

const headBytes = 12;

/** The whole RIFF chunks from this offset on. */
function* chunks(bytes: Buffer, from = headBytes): Generator<Chunk, void> {
  for (let at = from; at + 8 <= bytes.length; ) {
    const length = bytes.readUInt32LE(at + 4);
    if (at + 8 + length > bytes.length) return;
    const end = at + 8 + length + (length & 1);
    const name = bytes.toString("latin1", at, at + 4);
    yield { name, payload: bytes.subarray(at + 8, at + 8 + length), whole: bytes.subarray(at, end) };
    at = end;
  }
}

/** Reads the canvas's size of an extended file (VP8X), and the only picture's size of any other. */
function header(bytes: Buffer): StoredShape {
  const first = bytes.toString("latin1", 12, 16);
  const at = 20;
  if (first === "VP8X") {
    const [width, height] = [1 + bytes.readUIntLE(at + 4, 3), 1 + bytes.readUIntLE(at + 7, 3)];
    for (const { name, payload } of chunks(bytes)) {
      if (name === "EXIF") return { width, height, orientation: orientationOf(payload) };
    }
    return { width, height, orientation: 1 };
  }
  if (first === "VP8 ") {
    return { width: bytes.readUInt16LE(at + 6) & 0x3fff, height: bytes.readUInt16LE(at + 8) & 0x3fff, orientation: 1 };
  }
  if (first !== "VP8L" || bytes.readUInt8(at) !== 0x2f) throw new Unsound();
  const sizes = bytes.readUInt32LE(at + 1);
  return { width: 1 + (sizes & 0x3fff), height: 1 + ((sizes >>> 14) & 0x3fff), orientation: 1 };
}

const needed = new Set(["VP8 ", "VP8L", "VP8X", "ALPH", "ANIM", "ANMF", "ICCP"]);
const flag = { exif: 0x08, xmp: 0x04, opacity: 0x10 };

function strip(bytes: Buffer): Buffer[] {
  const end = 8 + bytes.readUInt32LE(4);
  if (end > bytes.length) throw new Unsound();
  const kept: Buffer[] = [];
  let orientation = 1;
  let at = headBytes;
  for (const { name, payload, whole } of chunks(bytes.subarray(0, end))) {
    if (name === "EXIF") orientation = orientationOf(payload);
    else if (needed.has(name)) kept.push(whole);
    at += whole.length;
  }
  if (at < end) throw new Unsound();
  // The VP8X chunk of an extended image has a flag for each kind of metadata.
  if (kept[0]?.toString("latin1", 0, 4) === "VP8X") {
    const extended = Buffer.from(kept[0]);
    const isTurned = orientation !== 1;
    const flags = extended.readUInt8(8) & ~(flag.exif | flag.xmp);
    extended.writeUInt8(isTurned ? flags | flag.exif : flags, 8);
    kept[0] = extended;
    if (isTurned) kept.push(exifChunk(orientation));
  }
  const head = Buffer.from(bytes.subarray(0, headBytes));
  head.writeUInt32LE(4 + kept.reduce((sum, chunk) => sum + chunk.length, 0), 4);
  return [head, ...kept];
}

function exifChunk(orientation: number): Buffer {
  const tiff = exifOf(orientation);
  const head = Buffer.from("EXIF\0\0\0\0", "latin1");
  head.writeUInt32LE(tiff.length, 4);
  return Buffer.concat([head, tiff]);
}

/** A picture of an animation: as a file of its own, with its position on the canvas. */
export interface WebpFrame extends PixelSize {
  readonly x: number;
  readonly y: number;
  readonly file: Buffer;
}

/** The first picture of an animation, for a decoder without animations; undefined for a file that is no animation. */
export function firstWebpFrame(bytes: Buffer): WebpFrame | undefined {
  for (const { name, payload } of chunks(bytes)) {
    if (name === "VP8 " || name === "VP8L") return undefined;
    if (name !== "ANMF") continue;
    const [x, y] = [2 * payload.readUIntLE(0, 3), 2 * payload.readUIntLE(3, 3)];
    const [width, height] = [1 + payload.readUIntLE(6, 3), 1 + payload.readUIntLE(9, 3)];
    return { x, y, width, height, file: fileOf(payload) };
  }
  return undefined;
}

/** Makes an extended file (section 2.7) of a frame: only that may have opacity in a chunk of its own. */
function fileOf(frame: Buffer): Buffer {
  const parts = [...chunks(frame, 16)].filter(({ name }) => ["ALPH", "VP8 ", "VP8L"].includes(name));
  const head = Buffer.alloc(30);
  head.write("RIFF\0\0\0\0WEBPVP8X\x0a", "latin1");
  head.writeUInt8(parts.some(({ name }) => name !== "VP8 ") ? flag.opacity : 0, 20);
  frame.copy(head, 24, 6, 12);
  const whole = Buffer.concat([head, ...parts.map((part) => part.whole)]);
  whole.writeUInt32LE(whole.length - 8, 4);
  return whole;
}
