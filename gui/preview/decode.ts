import { createRequire } from "node:module";
import { inflateSync } from "node:zlib";
import { PNG } from "pngjs";
import { firstPictureOf } from "../../core/media/gif.ts";
import { type Header, type PictureType, readHeader, riffChunks } from "../../core/media/header.ts";
import { accepted, type Parsed, refused } from "../../core/platform/result.ts";
import type { Picture } from "./picture.ts";

/** A picture as it is stored, not turned yet; of an animation the first. */
export interface Decoded {
  readonly picture: Picture;
  readonly orientation: number;
}

/**
 * Decodes a picture that somebody else made, whatever it is: what is broken is refused. The decoders of JPEG and WebP are
 * C, compiled to WebAssembly: their mistakes stay in a memory of their own, which is thrown away when one has failed.
 */
export function decode(bytes: Uint8Array): Parsed<Decoded> {
  const header = readHeader(bytes);
  if (!header.ok) return header;
  const { type, orientation } = header.value;
  try {
    const picture = decoders[type](Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), header.value);
    return accepted({ picture, orientation });
  } catch (cause) {
    // Whatever a decoder throws at bytes from outside says that they are broken: they have no errors of their own.
    return refused(`this is no sound ${type}: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
}

const decoders: Readonly<Record<PictureType, (bytes: Buffer, header: Header) => Picture>> = {
  "image/jpeg": (bytes) => decodeWithWasm(turbo, bytes),
  "image/png": decodePng,
  "image/gif": firstPictureOf,
  "image/webp": decodeWebp,
};

const require = createRequire(import.meta.url);

interface WasmDecoder {
  readonly file: string;
  load(): { decode(bytes: Uint8Array): { width: number; height: number; data: Uint8ClampedArray } };
}

const turbo: WasmDecoder = {
  file: require.resolve("@cwasm/jpeg-turbo"),
  load: () => require("@cwasm/jpeg-turbo"),
};
const libwebp: WasmDecoder = {
  file: require.resolve("@cwasm/webp"),
  load: () => require("@cwasm/webp"),
};

function decodeWithWasm({ file, load }: WasmDecoder, bytes: Buffer): Picture {
  const { decode: decodeImage } = load();
  try {
    const { width, height, data } = decodeImage(bytes);
    return { width, height, pixels: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) };
  } catch (cause) {
    // It does not give back what it had taken; the next call begins with a new memory.
    delete require.cache[file];
    throw cause;
  }
}

function decodePng(bytes: Buffer, { width, height }: Header): Picture {
  const { end, packed } = pngParts(bytes);
  // pngjs unpacks an interlaced picture without a bound; a few kilobytes could become gigabytes. These are eight bytes a
  // pixel at most, and a byte for each line of the seven pictures that it is made of.
  const isInterlaced = bytes.readUInt8(28) !== 0;
  if (isInterlaced) inflateSync(Buffer.concat(packed), { maxOutputLength: width * height * 8 + height * 7 + 64 });
  // What is hung on behind the end would be refused.
  const { data } = PNG.sync.read(bytes.subarray(0, end));
  return { width, height, pixels: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) };
}

/** Where a PNG ends, and its packed pixels. */
function pngParts(bytes: Buffer): { end: number; packed: Buffer[] } {
  const packed: Buffer[] = [];
  for (let at = 8; at + 12 <= bytes.length; ) {
    const end = at + 12 + bytes.readUInt32BE(at);
    const name = bytes.toString("latin1", at + 4, at + 8);
    if (name === "IEND") return { end, packed };
    if (name === "IDAT") packed.push(bytes.subarray(at + 8, end - 4));
    at = end;
  }
  throw new Error("it has no end");
}

/** Of an animation, the first picture as a file of its own, put in its place: the decoder knows only those. */
function decodeWebp(bytes: Buffer, { width, height }: Header): Picture {
  for (const { name, payload } of riffChunks(bytes, 12)) {
    if (name === "VP8 " || name === "VP8L") break;
    if (name !== "ANMF") continue;
    const at = { x: 2 * payload.readUIntLE(0, 3), y: 2 * payload.readUIntLE(3, 3) };
    const frame = { width: 1 + payload.readUIntLE(6, 3), height: 1 + payload.readUIntLE(9, 3) };
    if (at.x + frame.width > width || at.y + frame.height > height) throw new Error("its first picture stands out");
    const first = decodeWithWasm(libwebp, webpOf(payload));
    if (first.width !== frame.width || first.height !== frame.height)
      throw new Error("its first picture is of another size");
    return placed(first, at, { width, height, pixels: new Uint8Array(width * height * 4) });
  }
  return decodeWithWasm(libwebp, bytes);
}

/** RFC 9649, section 2.7: an extended file, since a frame may have its opacity apart, and says its size. */
function webpOf(frame: Buffer): Buffer {
  const chunks = [...riffChunks(frame, 16)].filter(({ name }) => ["ALPH", "VP8 ", "VP8L"].includes(name));
  const head = Buffer.alloc(30);
  head.write("RIFF\0\0\0\0WEBPVP8X\x0a", "latin1");
  head.writeUInt8(chunks.some(({ name }) => name !== "VP8 ") ? 0x10 : 0, 20);
  frame.copy(head, 24, 6, 12);
  const whole = Buffer.concat([head, ...chunks.map((chunk) => chunk.whole)]);
  whole.writeUInt32LE(whole.length - 8, 4);
  return whole;
}

function placed(picture: Picture, { x, y }: { x: number; y: number }, on: Picture): Picture {
  for (let row = 0; row < picture.height; row++) {
    const line = picture.pixels.subarray(row * picture.width * 4, (row + 1) * picture.width * 4);
    on.pixels.set(line, ((y + row) * on.width + x) * 4);
  }
  return on;
}
