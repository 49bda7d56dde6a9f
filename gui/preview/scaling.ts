import type { Picture, PixelSize } from "../../core/media/pixels.ts";

/** The largest size of the same shape that fits; a picture that is smaller stays as it is. */
export function fitted({ width, height }: PixelSize, room: PixelSize): PixelSize {
  const scale = Math.min(1, room.width / width, room.height / height);
  const side = (of: number) => Math.max(1, Math.round(of * scale));
  return { width: Math.min(side(width), room.width), height: Math.min(side(height), room.height) };
}

/**
 * Makes a picture smaller: each new pixel is the mean of the pixels that it covers, weighted by how much of each it
 * covers. Transparent pixels do not colour those beside them.
 */
export function scaled(picture: Picture, { width, height }: PixelSize): Picture {
  if (width === picture.width && height === picture.height) return picture;
  const columns = coverage(picture.width, width);
  const rows = coverage(picture.height, height);
  const pixels = new Uint8Array(width * height * 4);
  // Sums for one row of the result: the source is read in order, each of its rows once or twice.
  const sums = new Float64Array(width * 4);
  for (const [y, row] of rows.entries()) {
    sums.fill(0);
    for (let line = row.first; line <= row.last; line++) {
      const lineWeight = weightOf(row, line);
      const lineAt = line * picture.width;
      for (let x = 0; x < width; x++) {
        const column = columns[x];
        if (!column) break;
        let [red, green, blue, opacity] = [0, 0, 0, 0];
        for (let at = column.first; at <= column.last; at++) {
          const pixel = (lineAt + at) * 4;
          const weight = weightOf(column, at) * (picture.pixels[pixel + 3] ?? 0);
          red += weight * (picture.pixels[pixel] ?? 0);
          green += weight * (picture.pixels[pixel + 1] ?? 0);
          blue += weight * (picture.pixels[pixel + 2] ?? 0);
          opacity += weight;
        }
        const to = x * 4;
        sums[to] = (sums[to] ?? 0) + lineWeight * red;
        sums[to + 1] = (sums[to + 1] ?? 0) + lineWeight * green;
        sums[to + 2] = (sums[to + 2] ?? 0) + lineWeight * blue;
        sums[to + 3] = (sums[to + 3] ?? 0) + lineWeight * opacity;
      }
    }
    const area = (picture.width / width) * (picture.height / height);
    for (let x = 0; x < width; x++) {
      const opacity = sums[x * 4 + 3] ?? 0;
      const to = (y * width + x) * 4;
      if (opacity === 0) continue;
      for (let channel = 0; channel < 3; channel++) {
        pixels[to + channel] = Math.round((sums[x * 4 + channel] ?? 0) / opacity);
      }
      pixels[to + 3] = Math.round(opacity / area);
    }
  }
  return { width, height, pixels };
}

/** The pixels of a row or column that one pixel of the smaller picture covers, the first and the last perhaps in part. */
interface Span {
  readonly first: number;
  readonly last: number;
  readonly from: number;
  readonly to: number;
}

function coverage(old: number, now: number): Span[] {
  return Array.from({ length: now }, (_, at) => {
    const [from, to] = [(at * old) / now, ((at + 1) * old) / now];
    return { first: Math.floor(from), last: Math.min(old, Math.ceil(to)) - 1, from, to };
  });
}

function weightOf({ from, to }: Span, at: number): number {
  return Math.min(to, at + 1) - Math.max(from, at);
}

/** Whether an upright picture is as wide as the stored one is high. */
export const swapsSides = (orientation: number): boolean => orientation >= 5;

/** A picture as it was seen, from how the camera stored it: orientations 1 to 8 of EXIF 3.0, section 4.6.5.1. */
export function turned(picture: Picture, orientation: number): Picture {
  const { width: storedWidth, height: storedHeight } = picture;
  const storedAt: Readonly<Record<number, (x: number, y: number) => [x: number, y: number]>> = {
    2: (x, y) => [storedWidth - 1 - x, y],
    3: (x, y) => [storedWidth - 1 - x, storedHeight - 1 - y],
    4: (x, y) => [x, storedHeight - 1 - y],
    5: (x, y) => [y, x],
    6: (x, y) => [y, storedHeight - 1 - x],
    7: (x, y) => [storedWidth - 1 - y, storedHeight - 1 - x],
    8: (x, y) => [storedWidth - 1 - y, x],
  };
  const from = storedAt[orientation];
  if (!from) return picture;
  const [width, height] = swapsSides(orientation) ? [storedHeight, storedWidth] : [storedWidth, storedHeight];
  const pixels = new Uint8Array(picture.pixels.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [fromX, fromY] = from(x, y);
      const at = (fromY * storedWidth + fromX) * 4;
      pixels.set(picture.pixels.subarray(at, at + 4), (y * width + x) * 4);
    }
  }
  return { width, height, pixels };
}
