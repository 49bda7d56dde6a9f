import { createRequire } from "node:module";
import { inflateSync } from "node:zlib";
import { PNG } from "pngjs";
import { firstGifPicture } from "../../core/media/gif.ts";
import { type Header, readHeader } from "../../core/media/header.ts";
import type { PictureType } from "../../core/media/identify.ts";
import type { Picture } from "../../core/media/pixels.ts";
import { pngPixels } from "../../core/media/png.ts";
import { firstWebpFrame } from "../../core/media/webp.ts";
import { accepted, type Parsed, refused } from "../../core/platform/result.ts";

/** A picture as it is stored, not turned upright; of an animation the first picture. */
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
  "image/gif": firstGifPicture,
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
    // After an error it does not free its memory: the next call loads it anew.
    delete require.cache[file];
    throw cause;
  }
}

function decodePng(bytes: Buffer, { width, height }: Header): Picture {
  const { end, packed, isInterlaced } = pngPixels(bytes);
  // pngjs unpacks an interlaced picture without a bound; a few kilobytes could become gigabytes. These are eight bytes a
  // pixel at most, and a byte for each line of the seven pictures that it is made of.
  if (isInterlaced) inflateSync(Buffer.concat(packed), { maxOutputLength: width * height * 8 + height * 7 + 64 });
  // pngjs would refuse bytes behind the end.
  const { data } = PNG.sync.read(bytes.subarray(0, end));
  return { width, height, pixels: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) };
}

/**
 * Of an animation, the first picture, placed on the canvas. The decoder knows no animations: it is given the picture as a
 * file.
 */
function decodeWebp(bytes: Buffer, { width, height }: Header): Picture {
  const frame = firstWebpFrame(bytes);
  if (!frame) return decodeWithWasm(libwebp, bytes);
  if (frame.x + frame.width > width || frame.y + frame.height > height) throw new Error("its first picture stands out");
  const first = decodeWithWasm(libwebp, frame.file);
  if (first.width !== frame.width || first.height !== frame.height)
    throw new Error("its first picture is of another size");
  return placed(first, frame, { width, height, pixels: new Uint8Array(width * height * 4) });
}

function placed(picture: Picture, { x, y }: { x: number; y: number }, on: Picture): Picture {
  for (let row = 0; row < picture.height; row++) {
    const line = picture.pixels.subarray(row * picture.width * 4, (row + 1) * picture.width * 4);
    on.pixels.set(line, ((y + row) * on.width + x) * 4);
  }
  return on;
}
