import { accepted, type Parsed, refused } from "../../core/platform/parsed.ts";
import type { Size } from "./picture.ts";

export type PictureKind = "JPEG" | "PNG" | "GIF" | "WebP";

/** What can be known of a picture before it is decoded, which takes memory for every pixel. */
export interface PictureHeader extends Size {
  readonly kind: PictureKind;
}

/** Kind and size from the first bytes of a file, or why there is no preview of it. */
export function pictureHeader(bytes: Uint8Array): Parsed<PictureHeader> {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const kind = kindOf(file);
  if (!kind) return refused("no picture of a kind that is shown here (JPEG, PNG, GIF, WebP)");
  const size = sizeIn(kind, file);
  if (!size || size.width === 0 || size.height === 0) return refused(`no sound ${kind}`);
  return accepted({ kind, ...size });
}

function kindOf(file: Buffer): PictureKind | undefined {
  const head = file.toString("latin1", 0, 12);
  if (head.startsWith("\xff\xd8\xff")) return "JPEG";
  if (head.startsWith("\x89PNG\r\n\x1a\n")) return "PNG";
  if (/^GIF8[79]a/.test(head)) return "GIF";
  return /^RIFF[^]{4}WEBP/.test(head) ? "WebP" : undefined;
}

function sizeIn(kind: PictureKind, file: Buffer): Size | undefined {
  try {
    switch (kind) {
      case "JPEG":
        return jpegSize(file);
      case "PNG":
        return { width: file.readUInt32BE(16), height: file.readUInt32BE(20) };
      case "GIF":
        return { width: file.readUInt16LE(6), height: file.readUInt16LE(8) };
      case "WebP":
        return webpSize(file);
      default:
        return kind satisfies never;
    }
  } catch (cause) {
    // The file ends before its header does.
    if (cause instanceof RangeError) return undefined;
    throw cause;
  }
}

/** ITU-T T.81, B.2.2: the frame header, behind whatever segments come before it. */
function jpegSize(file: Buffer): Size | undefined {
  for (let at = 2; file.readUInt8(at) === 0xff; ) {
    const marker = file.readUInt8(at + 1);
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame) return { width: file.readUInt16BE(at + 7), height: file.readUInt16BE(at + 5) };
    at += marker === 0xff ? 1 : 2 + file.readUInt16BE(at + 2);
  }
  return undefined;
}

/** RFC 9649, sections 2.5 to 2.7: extended, lossy (RFC 6386, 9.1) or lossless. */
function webpSize(file: Buffer): Size | undefined {
  const chunk = file.toString("latin1", 12, 16);
  if (chunk === "VP8X") return { width: file.readUIntLE(24, 3) + 1, height: file.readUIntLE(27, 3) + 1 };
  if (chunk === "VP8 ") return { width: file.readUInt16LE(26) & 0x3fff, height: file.readUInt16LE(28) & 0x3fff };
  if (chunk !== "VP8L") return undefined;
  const bits = file.readUInt32LE(21);
  return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
}
