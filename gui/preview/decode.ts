import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import decodeWebpImage, { init as initWebp } from "@jsquash/webp/decode.js";
import exifr from "exifr";
import jpeg from "jpeg-js";
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

/** What has arrived of a broken JPEG is shown. */
function decodeJpeg(file: Buffer): Picture {
  const { width, height, data } = jpeg.decode(file, {
    useTArray: true,
    formatAsRGBA: true,
    tolerantDecoding: true,
    maxResolutionInMP: pixelsMax / 1_000_000,
    maxMemoryUsageInMB: 1024,
  });
  return { width, height, rgba: data };
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

/** Each picture has an instance of its own: memory that WebAssembly has once taken is only given back with it. */
async function decodeWebp(file: Buffer): Promise<Picture> {
  const wasm = fileURLToPath(import.meta.resolve("@jsquash/webp/codec/dec/webp_dec.wasm"));
  await initWebp({ wasmBinary: readFileSync(wasm), print: () => {}, printErr: () => {} });
  const still = firstWebpFrame(file);
  const { width, height } = pictureHeaderOf(still);
  if (width * height > pixelsMax) throw new Error("a frame larger than its canvas");
  const decoded = (await decodeWebpImage(new Uint8Array(still).buffer)) as unknown as Picture & { data: Uint8Array };
  return { width: decoded.width, height: decoded.height, rgba: new Uint8Array(decoded.data) };
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
