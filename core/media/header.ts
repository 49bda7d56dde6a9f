import { accepted, type Parsed, refused } from "../platform/result.ts";
import { imageType, orientationOf } from "./strip-metadata.ts";

/** What a picture's first bytes say, before anything of it is decoded. */
export interface Header {
  readonly type: PictureType;
  /** As it is stored, before it is turned. */
  readonly width: number;
  readonly height: number;
  /** 1 to 8, as EXIF counts the ways in which a camera can be held; 1 is upright. */
  readonly orientation: number;
}

export type PictureType = "image/jpeg" | "image/png" | "image/gif" | "image/webp";

/** Decoded, a pixel takes four bytes, and while it is decoded eight: 320 MB of the worst picture's thread. */
export const pixelsMax = 40_000_000;

/** A progressive JPEG has about ten. Each goes over all of the picture, so that a small file could keep a core for hours. */
const jpegScansMax = 100;

/** Says how large a picture is and refuses what is too large, so that a small file cannot ask for gigabytes of memory. */
export function readHeader(picture: Uint8Array): Parsed<Header> {
  const bytes = Buffer.from(picture.buffer, picture.byteOffset, picture.byteLength);
  const type = imageType(bytes);
  if (!isPictureType(type)) return refused(type ? `pictures of ${type} cannot be shown here` : "it is no picture");
  try {
    const { width, height, orientation } = readers[type](bytes);
    if (width === 0 || height === 0) return refused("the picture is empty");
    if (width * height > pixelsMax) return refused(`the picture is too large: ${width} × ${height}`);
    return accepted({ type, width, height, orientation });
  } catch (cause) {
    if (cause instanceof Unsound && cause.message !== "") return refused(`this is no sound ${type}: ${cause.message}`);
    if (cause instanceof RangeError || cause instanceof Unsound) return refused(`this is no sound ${type}`);
    throw cause;
  }
}

class Unsound extends Error {}

function isPictureType(type: string | undefined): type is PictureType {
  return type !== undefined && type in readers;
}

const readers: Readonly<Record<PictureType, (bytes: Buffer) => Omit<Header, "type">>> = {
  "image/jpeg": readJpeg,
  "image/png": readPng,
  "image/gif": readGif,
  "image/webp": readWebp,
};

/** ITU-T T.81, annex B. The frame header is the first SOF; DHT, JPG and DAC are the markers among them that are none. */
function readJpeg(bytes: Buffer): Omit<Header, "type"> {
  let orientation = 1;
  for (let at = 2; ; ) {
    if (bytes.readUInt8(at) !== 0xff) throw new Unsound();
    const marker = bytes.readUInt8(at + 1);
    if (marker === 0xff) {
      at++; // A fill byte.
      continue;
    }
    const end = at + 2 + bytes.readUInt16BE(at + 2);
    if (marker === 0xe1 && bytes.toString("latin1", at + 4, at + 10) === "Exif\0\0") {
      orientation = orientationOf(bytes.subarray(at + 10, end));
    } else if (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc) {
      if (countOf(bytes, scanMarker, end) > jpegScansMax) throw new Unsound("too many passes");
      return { width: bytes.readUInt16BE(at + 7), height: bytes.readUInt16BE(at + 5), orientation };
    } else if (marker === 0xd9 || marker === 0xda) throw new Unsound();
    at = end;
  }
}

const scanMarker = Buffer.from([0xff, 0xda]);

function countOf(bytes: Buffer, what: Buffer, from: number): number {
  let count = 0;
  for (let at = bytes.indexOf(what, from); at >= 0; at = bytes.indexOf(what, at + what.length)) count++;
  return count;
}

/** PNG, third edition (W3C 2025): IHDR comes first, eXIf before or behind the pixels. */
function readPng(bytes: Buffer): Omit<Header, "type"> {
  if (bytes.toString("latin1", 12, 16) !== "IHDR") throw new Unsound();
  const [width, height] = [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
  for (let at = 8; at + 12 <= bytes.length; at += 12 + bytes.readUInt32BE(at)) {
    if (bytes.toString("latin1", at + 4, at + 8) !== "eXIf") continue;
    return { width, height, orientation: orientationOf(bytes.subarray(at + 8, at + 8 + bytes.readUInt32BE(at))) };
  }
  return { width, height, orientation: 1 };
}

/** GIF89a, section 18: the logical screen. Its pictures' own sizes are looked at when they are decoded. */
function readGif(bytes: Buffer): Omit<Header, "type"> {
  return { width: bytes.readUInt16LE(6), height: bytes.readUInt16LE(8), orientation: 1 };
}

/** RFC 9649: a canvas if there is a VP8X, and the size of the only picture otherwise. */
function readWebp(bytes: Buffer): Omit<Header, "type"> {
  const first = bytes.toString("latin1", 12, 16);
  const at = 20;
  if (first === "VP8X") {
    const [width, height] = [1 + bytes.readUIntLE(at + 4, 3), 1 + bytes.readUIntLE(at + 7, 3)];
    return { width, height, orientation: webpOrientation(bytes) };
  }
  if (first === "VP8 ") {
    return { width: bytes.readUInt16LE(at + 6) & 0x3fff, height: bytes.readUInt16LE(at + 8) & 0x3fff, orientation: 1 };
  }
  if (first !== "VP8L" || bytes.readUInt8(at) !== 0x2f) throw new Unsound();
  const sizes = bytes.readUInt32LE(at + 1);
  return { width: 1 + (sizes & 0x3fff), height: 1 + ((sizes >>> 14) & 0x3fff), orientation: 1 };
}

function webpOrientation(bytes: Buffer): number {
  for (const { name, payload } of riffChunks(bytes, 12)) {
    if (name !== "EXIF") continue;
    const hasName = payload.toString("latin1", 0, 6) === "Exif\0\0";
    return orientationOf(hasName ? payload.subarray(6) : payload);
  }
  return 1;
}

/** The chunks of a RIFF file from a place in it on, as far as they are whole. */
export function* riffChunks(bytes: Buffer, from: number): Generator<{ name: string; payload: Buffer; whole: Buffer }> {
  for (let at = from; at + 8 <= bytes.length; ) {
    const length = bytes.readUInt32LE(at + 4);
    const end = at + 8 + length + (length & 1);
    if (at + 8 + length > bytes.length) return;
    const name = bytes.toString("latin1", at, at + 4);
    yield { name, payload: bytes.subarray(at + 8, at + 8 + length), whole: bytes.subarray(at, end) };
    at = end;
  }
}
