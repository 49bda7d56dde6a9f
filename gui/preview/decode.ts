import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import decodeMozjpeg, { init as initMozjpeg } from "@jsquash/jpeg/decode.js";
import decodeLibwebp, { init as initLibwebp } from "@jsquash/webp/decode.js";
import exifr from "exifr";
import { GifReader } from "omggif";
import { PNG } from "pngjs";
import { accepted, type Parsed, refused } from "../../core/platform/parsed.ts";
import { type Picture, turn } from "./picture.ts";
import { type PictureKind, pictureHeader } from "./picture-header.ts";
import { firstWebpFrame, webpChunk } from "./webp-frame.ts";

/** A picture with more takes over 160 MB as pixels, and is nothing that a chat's preview is for. */
export const pixelsMax = 40_000_000;

/**
 * The pixels of a JPEG, PNG, GIF or WebP, of a moving one the first frame, upright as it is meant to be seen. The decoders
 * are other people's and the file a stranger's: whatever they say of it is a reason and not a crash. Seconds of work; see
 * `preview-tasks.ts`.
 */
export async function decode(bytes: Uint8Array): Promise<Parsed<Picture>> {
  const header = pictureHeader(bytes);
  if (!header.ok) return header;
  const { kind, width, height } = header.value;
  if (width * height > pixelsMax) {
    return refused(`too large for a preview: ${width} × ${height}, of at most ${pixelsMax / 1_000_000} megapixels`);
  }
  try {
    const picture = await decoders[kind](Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    return accepted(turn(picture, await orientationOf(kind, bytes)));
  } catch {
    return refused(`no sound ${kind}`);
  }
}

const decoders: Readonly<Record<PictureKind, (file: Buffer) => Picture | Promise<Picture>>> = {
  JPEG: decodeJpeg,
  PNG: decodePng,
  GIF: decodeGif,
  WebP: decodeWebp,
};

/** What has arrived of a JPEG that broke off is shown. */
async function decodeJpeg(file: Buffer): Promise<Picture> {
  await initMozjpeg(webAssembly("@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm"));
  return pixelsOf(await decodeMozjpeg(ownBuffer(file), { preserveOrientation: false }));
}

/** What hangs on behind its end the decoder would take for a fault. */
function decodePng(file: Buffer): Picture {
  const end = file.indexOf("IEND", 0, "latin1");
  const { width, height, data } = PNG.sync.read(end < 0 ? file : file.subarray(0, end + 8), { checkCRC: false });
  return { width, height, rgba: data };
}

function decodeGif(file: Buffer): Picture {
  const reader = new GifReader(file);
  const { width, height } = reader;
  const frame = reader.frameInfo(0);
  // Outside of the canvas nothing is seen, but the decoder would go through it all.
  if (frame.x + frame.width > width || frame.y + frame.height > height)
    throw new Error("a frame outside of its canvas");
  const rgba = new Uint8Array(width * height * 4);
  silently(() => reader.decodeAndBlitFrameRGBA(0, rgba));
  return { width, height, rgba };
}

/** The GIF decoder prints its doubts about a file, across the screen. */
function silently(work: () => void): void {
  const { log } = globalThis.console;
  globalThis.console.log = () => {};
  try {
    work();
  } finally {
    globalThis.console.log = log;
  }
}

async function decodeWebp(file: Buffer): Promise<Picture> {
  const still = firstWebpFrame(file);
  const { width, height } = pictureHeaderOf(still);
  if (width * height > pixelsMax) throw new Error("a frame larger than its canvas");
  await initLibwebp(webAssembly("@jsquash/webp/codec/dec/webp_dec.wasm"));
  return pixelsOf(await decodeLibwebp(ownBuffer(still)));
}

/**
 * A decoder in WebAssembly that prints nothing and cannot end the process. Each picture has an instance of its own: the
 * memory that one has once taken is only given back with it.
 */
function webAssembly(file: string) {
  const quit = (_status: number, cause: unknown) => {
    throw cause;
  };
  return { wasmBinary: readFileSync(fileURLToPath(import.meta.resolve(file))), print() {}, printErr() {}, quit };
}

const ownBuffer = (file: Buffer): ArrayBuffer => new Uint8Array(file).buffer;

/** These decoders answer with what is ImageData in a browser, for which there is no type here. */
function pixelsOf(image: unknown): Picture {
  const { width, height, data } = image as { width: number; height: number; data: Uint8ClampedArray };
  return { width, height, rgba: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) };
}

function pictureHeaderOf(file: Buffer) {
  const header = pictureHeader(file);
  if (!header.ok) throw new Error(header.reason);
  return header.value;
}

async function orientationOf(kind: PictureKind, bytes: Uint8Array): Promise<number> {
  // exifr knows no WebP, but what EXIF is in one.
  const exif = kind === "WebP" ? webpChunk(Buffer.from(bytes), "EXIF") : bytes;
  if (kind === "GIF" || !exif) return 1;
  // EXIF that cannot be read says nothing of how to turn it.
  return (await exifr.orientation(exif).catch(() => undefined)) ?? 1;
}
