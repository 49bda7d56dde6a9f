import { crc32 } from "node:zlib";
import { accepted, type Result, refused } from "../platform/result.ts";

/**
 * Takes out of an image what its pixels do not need: EXIF with the place where it was taken, XMP, comments, previews, and
 * whatever is hung on behind its end. Kept are colour profiles, animation, and how the image is to be turned.
 *
 * Written by hand since the libraries at hand lose the turning, or leave what they do not know; here everything that is not
 * known to be needed goes. An image that is not as its format says is refused rather than sent as it is.
 */
export function stripMetadata(image: Uint8Array): Result<Uint8Array> {
  const bytes = Buffer.from(image.buffer, image.byteOffset, image.byteLength);
  const type = imageType(bytes);
  const strip = type && strippers[type];
  if (!strip) return refused(`of ${type ?? "this kind of file"} nobody here knows where its metadata are`);
  try {
    return accepted(Buffer.concat(strip(bytes)));
  } catch (cause) {
    if (cause instanceof RangeError || cause instanceof Malformed) return refused(`this is no sound ${type}`);
    throw cause;
  }
}

/** Images are looked through in memory. */
export const strippableBytesMax = 128 * 1024 * 1024;

/** Media type of an image by its first bytes; undefined for whatever carries no metadata that we know of. */
export function imageType(head: Uint8Array): string | undefined {
  const text = Buffer.from(head.buffer, head.byteOffset, Math.min(32, head.byteLength)).toString("latin1");
  if (text.startsWith("\xff\xd8\xff")) return "image/jpeg";
  if (text.startsWith(pngSignature)) return "image/png";
  if (/^GIF8[79]a/.test(text)) return "image/gif";
  if (/^RIFF[^]{4}WEBP/.test(text)) return "image/webp";
  if (/^[^]{4}ftyp(heic|heix|hevc|heim|heis|mif1|msf1)/.test(text)) return "image/heic";
  if (/^[^]{4}ftypavi[fs]/.test(text)) return "image/avif";
  if (text.startsWith("II*\0") || text.startsWith("MM\0*")) return "image/tiff";
  if (text.startsWith("\xff\x0a") || text.startsWith("\0\0\0\x0cJXL ")) return "image/jxl";
  return undefined;
}

class Malformed extends Error {}

const strippers: Readonly<Record<string, (bytes: Buffer) => Buffer[]>> = {
  "image/jpeg": stripJpeg,
  "image/png": stripPng,
  "image/gif": stripGif,
  "image/webp": stripWebp,
};

const pngSignature = "\x89PNG\r\n\x1a\n";

/** ITU-T T.81, annex B: segments of a marker and a length; behind SOS come coded bytes up to the next marker. */
function stripJpeg(bytes: Buffer): Buffer[] {
  const kept = [bytes.subarray(0, 2)];
  let orientation = 1;
  for (let at = 2; ; ) {
    if (bytes.readUInt8(at) !== 0xff) throw new Malformed();
    const marker = bytes.readUInt8(at + 1);
    if (marker === 0xff) {
      at++; // A fill byte.
      continue;
    }
    if (marker === 0xd9) {
      kept.push(bytes.subarray(at, at + 2));
      break;
    }
    const length = bytes.readUInt16BE(at + 2);
    const end = at + 2 + length;
    if (length < 2 || end > bytes.length) throw new Malformed();
    const segment = bytes.subarray(at, end);
    if (marker === 0xe1 && segment.toString("latin1", 4, 10) === "Exif\0\0") {
      orientation = orientationOf(segment.subarray(10));
    } else if (isPartOfJpeg(marker, segment)) kept.push(segment);
    at = marker === 0xda ? endOfScan(bytes, end) : end;
    if (marker === 0xda) kept.push(bytes.subarray(end, at));
  }
  if (orientation !== 1) kept.splice(hasJfif(kept[1]) ? 2 : 1, 0, exifSegment(orientation));
  return kept;
}

const hasJfif = (segment: Buffer | undefined) => segment?.readUInt8(1) === 0xe0;

/** Of application segments only what decoders need: JFIF, colour profiles and Adobe's colour transform. */
function isPartOfJpeg(marker: number, segment: Buffer): boolean {
  const isApplication = marker >= 0xe0 && marker <= 0xef;
  if (!isApplication) return marker !== 0xfe;
  const name = segment.toString("latin1", 4, 16);
  if (marker === 0xe0) return name.startsWith("JFIF\0");
  if (marker === 0xe2) return name.startsWith("ICC_PROFILE\0");
  return marker === 0xee && name.startsWith("Adobe");
}

/** Coded bytes go on over stuffed zeros and restart markers. */
function endOfScan(bytes: Buffer, from: number): number {
  for (let at = bytes.indexOf(0xff, from); at >= 0; at = bytes.indexOf(0xff, at + 1)) {
    const next = bytes.readUInt8(at + 1);
    if (next !== 0 && next !== 0xff && !(next >= 0xd0 && next <= 0xd7)) return at;
  }
  throw new Malformed();
}

const orientationTag = 0x0112;

/** From the first directory of a TIFF structure (TIFF 6.0, section 2); 1, upright, where nothing is said. */
export function orientationOf(tiff: Buffer): number {
  const little = tiff.toString("latin1", 0, 2) === "II";
  const short = (at: number) => (little ? tiff.readUInt16LE(at) : tiff.readUInt16BE(at));
  const long = (at: number) => (little ? tiff.readUInt32LE(at) : tiff.readUInt32BE(at));
  try {
    const directory = long(4);
    for (let entry = 0; entry < short(directory); entry++) {
      const at = directory + 2 + entry * 12;
      const value = short(at + 8);
      if (short(at) === orientationTag) return value >= 1 && value <= 8 ? value : 1;
    }
  } catch (cause) {
    // EXIF that cannot be read says nothing of how to turn the image, and goes anyway.
    if (!(cause instanceof RangeError)) throw cause;
  }
  return 1;
}

/** EXIF that says how to turn the image, and nothing else. */
function exifOf(orientation: number): Buffer {
  const tiff = Buffer.alloc(26);
  tiff.write("MM\0*", "latin1");
  tiff.writeUInt32BE(8, 4);
  tiff.writeUInt16BE(1, 8);
  tiff.writeUInt16BE(orientationTag, 10);
  tiff.writeUInt16BE(3, 12); // Of type SHORT,
  tiff.writeUInt32BE(1, 14); // one of them.
  tiff.writeUInt16BE(orientation, 18);
  return tiff;
}

function exifSegment(orientation: number): Buffer {
  const tiff = exifOf(orientation);
  const head = Buffer.from("\xff\xe1\0\0Exif\0\0", "latin1");
  head.writeUInt16BE(2 + 6 + tiff.length, 2);
  return Buffer.concat([head, tiff]);
}

/** What is needed to draw a PNG (third edition, W3C 2025) besides what is critical, which has a capital first letter. */
const pngChunks = new Set("tRNS gAMA cHRM sRGB iCCP sBIT bKGD hIST pHYs sPLT acTL fcTL fdAT cICP mDCV cLLI".split(" "));

function stripPng(bytes: Buffer): Buffer[] {
  const kept = [bytes.subarray(0, pngSignature.length)];
  for (let at = pngSignature.length; ; ) {
    const end = at + 12 + bytes.readUInt32BE(at);
    if (end > bytes.length) throw new Malformed();
    const name = bytes.toString("latin1", at + 4, at + 8);
    if (name === "eXIf") {
      const orientation = orientationOf(bytes.subarray(at + 8, end - 4));
      if (orientation !== 1) kept.push(pngExif(orientation));
    } else if (/^[A-Z]/.test(name) || pngChunks.has(name)) kept.push(bytes.subarray(at, end));
    if (name === "IEND") return kept;
    at = end;
  }
}

function pngExif(orientation: number): Buffer {
  const tiff = exifOf(orientation);
  const chunk = Buffer.alloc(12 + tiff.length);
  chunk.writeUInt32BE(tiff.length, 0);
  chunk.write("eXIf", 4, "latin1");
  tiff.copy(chunk, 8);
  chunk.writeUInt32BE(crc32(chunk.subarray(4, 8 + tiff.length)), 8 + tiff.length);
  return chunk;
}

/** GIF89a: blocks that begin with their kind; extensions are of sub-blocks that begin with their length. */
function stripGif(bytes: Buffer): Buffer[] {
  const paletteBytes = (flags: number) => (flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0);
  let at = 13 + paletteBytes(bytes.readUInt8(10));
  if (at > bytes.length) throw new Malformed();
  const kept = [bytes.subarray(0, at)];
  const endOfBlocks = (from: number) => {
    let end = from;
    for (let length = bytes.readUInt8(end); length > 0; length = bytes.readUInt8(end)) end += 1 + length;
    return end + 1;
  };
  for (;;) {
    const kind = bytes.readUInt8(at);
    if (kind === 0x3b) return [...kept, bytes.subarray(at, at + 1)];
    if (kind === 0x2c) {
      const end = endOfBlocks(at + 10 + paletteBytes(bytes.readUInt8(at + 9)) + 1);
      kept.push(bytes.subarray(at, end));
      at = end;
    } else if (kind === 0x21) {
      const end = endOfBlocks(at + 2);
      const label = bytes.readUInt8(at + 1);
      const application = label === 0xff ? bytes.toString("latin1", at + 3, at + 14) : "";
      // Timing and plain text are drawn; of applications, those that make it repeat.
      const isDrawn = label === 0xf9 || label === 0x01;
      if (isDrawn || application === "NETSCAPE2.0" || application === "ANIMEXTS1.0") kept.push(bytes.subarray(at, end));
      at = end;
    } else throw new Malformed();
  }
}

const webpChunks = new Set(["VP8 ", "VP8L", "VP8X", "ALPH", "ANIM", "ANMF", "ICCP"]);
const webpFlags = { exif: 0x08, xmp: 0x04 };

/** RFC 9649: RIFF chunks of a name and a length, padded to an even one. */
function stripWebp(bytes: Buffer): Buffer[] {
  const end = 8 + bytes.readUInt32LE(4);
  if (end > bytes.length) throw new Malformed();
  const kept: Buffer[] = [];
  let orientation = 1;
  for (let at = 12; at < end; ) {
    const length = bytes.readUInt32LE(at + 4);
    const next = at + 8 + length + (length % 2);
    if (at + 8 + length > end) throw new Malformed();
    const name = bytes.toString("latin1", at, at + 4);
    const chunk = bytes.subarray(at, Math.min(next, end));
    if (name === "EXIF") orientation = orientationOf(chunk.subarray(8));
    else if (webpChunks.has(name)) kept.push(chunk);
    at = next;
  }
  // An extended image says at its beginning what it has.
  if (kept[0]?.toString("latin1", 0, 4) === "VP8X") {
    const extended = Buffer.from(kept[0]);
    const isTurned = orientation !== 1;
    const flags = extended.readUInt8(8) & ~(webpFlags.exif | webpFlags.xmp);
    extended.writeUInt8(isTurned ? flags | webpFlags.exif : flags, 8);
    kept[0] = extended;
    if (isTurned) kept.push(webpExif(orientation));
  }
  const head = Buffer.from(bytes.subarray(0, 12));
  head.writeUInt32LE(4 + kept.reduce((sum, chunk) => sum + chunk.length, 0), 4);
  return [head, ...kept];
}

function webpExif(orientation: number): Buffer {
  const tiff = exifOf(orientation);
  const head = Buffer.from("EXIF\0\0\0\0", "latin1");
  head.writeUInt32LE(tiff.length, 4);
  return Buffer.concat([head, tiff]);
}
