import { Unsound } from "./unsound.ts";

/**
 * The order in which the lines of a picture come (GIF89a, appendix E). Where they are interlaced, every eighth line comes first,
 * then the lines halfway between those, and so on.
 */
export function lineOrder(height: number, isInterlaced: boolean): number[] {
  const lines = Array.from({ length: height }, (_, line) => line);
  if (!isInterlaced) return lines;
  const pass = (line: number) => (line % 8 === 0 ? 0 : line % 8 === 4 ? 1 : line % 4 === 2 ? 2 : 3);
  return lines.sort((a, b) => pass(a) - pass(b) || a - b);
}

const codesMax = 4096;

/** Unpacks LZW with growing codes (appendix F) to exactly so many bytes; where the codes end too early, the rest is 0. */
export function unpack(packed: Buffer, codeBits: number, length: number): Uint8Array {
  if (codeBits < 1 || codeBits > 8) throw new Unsound("its codes are of an impossible size");
  const [clear, end] = [1 << codeBits, (1 << codeBits) + 1];
  // A code stands for the bytes of an earlier code and one more. For each code its first byte and its length are kept, too.
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
        throw new Unsound("its codes are broken");
      if (previous >= 0 && next < codesMax) {
        before[next] = previous;
        first[next] = first[previous] ?? 0;
        last[next] = first[code === next ? previous : code] ?? 0;
        lengths[next] = (lengths[previous] ?? 0) + 1;
        next++;
        if (next === 1 << bits && bits < 12) bits++;
      } else if (code >= next) throw new Unsound("its codes are broken");
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
