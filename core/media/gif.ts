import type { Picture, PixelSize } from "../../gui/preview/picture.ts";
import { pixelsMax } from "./header.ts";

/**
 * The first picture of a GIF (GIF89a, W3C), in its place on the canvas.
 *
 * Written by hand: the library at hand, omggif, never ends on some broken files. Here each code that is read either writes
 * pixels, of which there are so many, or takes bits, of which there are so many.
 */
export function firstPictureOf(gif: Buffer, canvas: PixelSize): Picture {
  const shared = paletteAt(gif, 13, gif.readUInt8(10));
  let transparent: number | undefined;
  let at = shared.end;
  for (let kind = gif.readUInt8(at); kind !== 0x2c; kind = gif.readUInt8(at)) {
    if (kind !== 0x21) throw new Error("it has no picture");
    const isGraphicControl = gif.readUInt8(at + 1) === 0xf9 && gif.readUInt8(at + 2) === 4;
    if (isGraphicControl) transparent = gif.readUInt8(at + 3) & 1 ? gif.readUInt8(at + 6) : undefined;
    at = blocksAt(gif, at + 2).end;
  }
  const [x, y, width, height] = [1, 3, 5, 7].map((field) => gif.readUInt16LE(at + field)) as [
    number,
    number,
    number,
    number,
  ];
  if (width * height > pixelsMax) throw new Error("its first picture is too large");
  if (x + width > canvas.width || y + height > canvas.height) throw new Error("its first picture stands out");
  const flags = gif.readUInt8(at + 9);
  const own = paletteAt(gif, at + 10, flags);
  const { bytes } = blocksAt(gif, own.end + 1);
  const indices = unpack(bytes, gif.readUInt8(own.end), width * height);
  const palette = flags & 0x80 ? own.colours : shared.colours;

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

function paletteAt(gif: Buffer, at: number, flags: number): { colours: Buffer; end: number } {
  const end = at + (flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0);
  return { colours: gif.subarray(at, end), end };
}

/** Bytes that come in blocks, each behind its length, up to an empty one. */
function blocksAt(gif: Buffer, from: number): { bytes: Buffer; end: number } {
  const blocks: Buffer[] = [];
  let at = from;
  for (let length = gif.readUInt8(at); length > 0; length = gif.readUInt8(at)) {
    blocks.push(gif.subarray(at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { bytes: Buffer.concat(blocks), end: at + 1 };
}

/** Appendix E: interlaced, every eighth line comes first, then those between them, and between those. */
function lineOrder(height: number, isInterlaced: boolean): number[] {
  const lines = Array.from({ length: height }, (_, line) => line);
  if (!isInterlaced) return lines;
  const pass = (line: number) => (line % 8 === 0 ? 0 : line % 8 === 4 ? 1 : line % 4 === 2 ? 2 : 3);
  return lines.sort((a, b) => pass(a) - pass(b) || a - b);
}

const codesMax = 4096;

/** Appendix F, LZW with codes that grow: at most so many bytes; where the codes end too early, the rest is 0. */
function unpack(packed: Buffer, codeBits: number, length: number): Uint8Array {
  if (codeBits < 1 || codeBits > 8) throw new Error("its codes are of an impossible size");
  const [clear, end] = [1 << codeBits, (1 << codeBits) + 1];
  // A code is another one and a byte behind it; of each, its first byte and its length are kept.
  const before = new Uint16Array(codesMax);
  const last = Uint8Array.from({ length: codesMax }, (_, code) => code);
  const first = last.slice();
  const lengths = new Uint16Array(codesMax).fill(1);
  const unpacked = new Uint8Array(length);
  let [next, bits, previous] = [end + 1, codeBits + 1, -1];
  let [held, heldBits, done] = [0, 0, 0];
  for (const byte of packed) {
    held |= byte << heldBits;
    heldBits += 8;
    while (heldBits >= bits) {
      const code = held & ((1 << bits) - 1);
      held >>>= bits;
      heldBits -= bits;
      if (code === end || done >= length) return unpacked;
      if (code === clear) {
        [next, bits, previous] = [end + 1, codeBits + 1, -1];
        continue;
      }
      if (code > next || (code === next && previous < 0) || (previous < 0 && code > end))
        throw new Error("its codes are broken");
      if (previous >= 0 && next < codesMax) {
        before[next] = previous;
        first[next] = first[previous] ?? 0;
        last[next] = first[code === next ? previous : code] ?? 0;
        lengths[next] = (lengths[previous] ?? 0) + 1;
        next++;
        if (next === 1 << bits && bits < 12) bits++;
      } else if (code >= next) throw new Error("its codes are broken");
      const count = lengths[code] ?? 0;
      for (let at = done + count - 1, of = code; at >= done; at--, of = before[of] ?? 0) {
        if (at < length) unpacked[at] = last[of] ?? 0;
      }
      done += count;
      previous = code;
    }
  }
  return unpacked;
}
