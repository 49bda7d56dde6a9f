import type { PictureFormat, StoredShape } from "./format.ts";
import { lineOrder, unpack } from "./gif-pixels.ts";
import { type Picture, type PixelSize, pixelsMax } from "./pixels.ts";
import { Unsound } from "./unsound.ts";

/** GIF89a (W3C). */
export const gif: PictureFormat = { header, strip };

const kinds = { extension: 0x21, picture: 0x2c, trailer: 0x3b } as const;
const labels = { plainText: 0x01, graphicControl: 0xf9, application: 0xff } as const;

type Block = { readonly kind: "picture" | "extension" | "trailer"; readonly whole: Buffer };

/** The blocks behind the logical screen and its palette, up to the trailer, each with all of its bytes. */
function* blocks(bytes: Buffer): Generator<Block, void> {
  for (let at = paletteAt(bytes, screenBytes, bytes.readUInt8(10)).end; ; ) {
    const kind = bytes.readUInt8(at);
    if (kind === kinds.trailer) {
      yield { kind: "trailer", whole: bytes.subarray(at, at + 1) };
      return;
    }
    let data: number;
    if (kind === kinds.picture) data = paletteAt(bytes, at + 10, bytes.readUInt8(at + 9)).end + 1;
    else if (kind === kinds.extension) data = at + 2;
    else throw new Unsound("it has a block of an unknown kind");
    const end = endOfData(bytes, data);
    yield { kind: kind === kinds.picture ? "picture" : "extension", whole: bytes.subarray(at, end) };
    at = end;
  }
}

const screenBytes = 13;

function paletteAt(bytes: Buffer, at: number, flags: number): { colours: Buffer; end: number } {
  const end = at + (flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0);
  return { colours: bytes.subarray(at, end), end };
}

/** Where data end that begin at `from`: they come in pieces, each behind its length, and end with an empty one. */
function endOfData(bytes: Buffer, from: number): number {
  let end = from;
  for (let length = bytes.readUInt8(end); length > 0; length = bytes.readUInt8(end)) end += 1 + length;
  return end + 1;
}

function dataOf(block: Buffer, from: number): Buffer {
  const pieces: Buffer[] = [];
  for (let at = from, length = block.readUInt8(at); length > 0; length = block.readUInt8(at)) {
    pieces.push(block.subarray(at + 1, at + 1 + length));
    at += 1 + length;
  }
  return Buffer.concat(pieces);
}

/** The size of the logical screen (section 18). The decoder checks the sizes of the pictures on it. */
function header(bytes: Buffer): StoredShape {
  return { width: bytes.readUInt16LE(6), height: bytes.readUInt16LE(8), orientation: 1 };
}

function strip(bytes: Buffer): Buffer[] {
  const { end } = paletteAt(bytes, screenBytes, bytes.readUInt8(10));
  if (end > bytes.length) throw new Unsound();
  const kept = [bytes.subarray(0, end)];
  for (const { kind, whole } of blocks(bytes)) if (kind !== "extension" || isNeeded(whole)) kept.push(whole);
  return kept;
}

/** Whether an extension is needed to draw the picture: timing, plain text, and the applications that make it repeat. */
function isNeeded(extension: Buffer): boolean {
  const label = extension.readUInt8(1);
  if (label !== labels.application) return label === labels.graphicControl || label === labels.plainText;
  const application = extension.toString("latin1", 3, 14);
  return application === "NETSCAPE2.0" || application === "ANIMEXTS1.0";
}

/**
 * The first picture of a GIF, drawn on its canvas.
 *
 * Written by hand, since the library omggif never ends on some broken files. This ends for every file: each code that is read
 * uses up bits of the file.
 */
export function firstGifPicture(bytes: Buffer, canvas: PixelSize): Picture {
  let transparent: number | undefined;
  for (const { kind, whole } of blocks(bytes)) {
    if (kind === "trailer") break;
    if (kind === "extension") {
      if (whole.readUInt8(1) === labels.graphicControl && whole.readUInt8(2) === 4)
        transparent = whole.readUInt8(3) & 1 ? whole.readUInt8(6) : undefined;
      continue;
    }
    return drawn(whole, paletteAt(bytes, screenBytes, bytes.readUInt8(10)).colours, transparent, canvas);
  }
  throw new Unsound("it has no picture");
}

/** Draws a picture's block (section 20): its position and size, perhaps a palette of its own, then its packed pixels. */
function drawn(block: Buffer, shared: Buffer, transparent: number | undefined, canvas: PixelSize): Picture {
  const [x, y] = [block.readUInt16LE(1), block.readUInt16LE(3)];
  const [width, height] = [block.readUInt16LE(5), block.readUInt16LE(7)];
  if (width * height > pixelsMax) throw new Unsound("its first picture is too large");
  if (x + width > canvas.width || y + height > canvas.height) throw new Unsound("its first picture stands out");
  const flags = block.readUInt8(9);
  const own = paletteAt(block, 10, flags);
  const indices = unpack(dataOf(block, own.end + 1), block.readUInt8(own.end), width * height);
  const palette = flags & 0x80 ? own.colours : shared;

  const pixels = new Uint8Array(canvas.width * canvas.height * 4);
  for (const [from, line] of lineOrder(height, (flags & 0x40) !== 0).entries()) {
    for (let column = 0; column < width; column++) {
      const index = indices[from * width + column] ?? 0;
      if (index === transparent || 3 * index + 2 >= palette.length) continue;
      const to = ((y + line) * canvas.width + x + column) * 4;
      for (let channel = 0; channel < 3; channel++) pixels[to + channel] = palette[3 * index + channel] ?? 0;
      pixels[to + 3] = 255;
    }
  }
  return { ...canvas, pixels };
}
