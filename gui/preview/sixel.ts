import type { Picture } from "../../core/media/pixels.ts";
import { paletteColour, paletteIndex } from "./half-blocks.ts";

/**
 * A picture as Sixel (DEC STD 070, chapter 9), with its top left in a cell, counted from 0; the cursor stays where it was. In
 * xterm's 240 colours, whose errors go on to the pixels beside and below (Floyd and Steinberg); where more than half shines
 * through, nothing is drawn.
 *
 * Written by hand since the package of that name, 0.16.0, draws a picture of three colours in one grey.
 */
export function sixelShow(picture: Picture, at: { readonly row: number; readonly column: number }): string {
  const { width, height } = picture;
  const indexes = diffused(picture);
  const palette = [...new Set(indexes)].filter((index) => index !== clear).sort((a, b) => a - b);
  const percent = (level: number) => Math.round((level / 255) * 100);
  const registers = palette.map((index) => `#${index};2;${paletteColour(index).map(percent).join(";")}`);
  let bands = "";
  for (let top = 0; top < height; top += bandRows) {
    const rows = Math.min(bandRows, height - top);
    const inBand = new Set(indexes.subarray(top * width, (top + rows) * width));
    inBand.delete(clear);
    bands += [...inBand].map((index) => `#${index}${bandOf(indexes, { width, top, rows, index })}`).join("$");
    bands += "-";
  }
  const drawn = `\u001bP0;1;q"1;1;${width};${height}${registers.join("")}${bands}\u001b\\`;
  return `\u001b7\u001b[${at.row + 1};${at.column + 1}H${drawn}\u001b8`;
}

/** Stands for a pixel that is not drawn: no colour of the palette has this number. */
const clear = 0;

/** A letter is a column of this many pixels. */
const bandRows = 6;

/** The pixels of one colour in a band, with runs of one letter shortened. */
function bandOf(indexes: Uint8Array, of: { width: number; top: number; rows: number; index: number }): string {
  let text = "";
  let run = { letter: "", length: 0 };
  const endRun = () => {
    text += run.length > 3 ? `!${run.length}${run.letter}` : run.letter.repeat(run.length);
  };
  for (let x = 0; x < of.width; x++) {
    let bits = 0;
    for (let row = 0; row < of.rows; row++) {
      if (indexes[(of.top + row) * of.width + x] === of.index) bits |= 1 << row;
    }
    const letter = String.fromCharCode(63 + bits);
    if (letter !== run.letter) {
      endRun();
      run = { letter, length: 0 };
    }
    run.length++;
  }
  endRun();
  return text;
}

function diffused({ width, height, pixels }: Picture): Uint8Array {
  const indexes = new Uint8Array(width * height);
  const bands = Float32Array.from(pixels);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = (y * width + x) * 4;
      const level = (band: number) => Math.max(0, Math.min(255, bands[at + band] ?? 0));
      const wanted = [level(0), level(1), level(2)] as const;
      if ((pixels[at + 3] ?? 0) < 128) continue;
      const index = paletteIndex(...wanted);
      const drawn = paletteColour(index);
      indexes[y * width + x] = index;
      for (const [right, down, share] of diffusion) {
        if (x + right < 0 || x + right >= width || y + down >= height) continue;
        const neighbour = at + (down * width + right) * 4;
        for (let band = 0; band < 3; band++) {
          const error = (wanted[band] ?? 0) - (drawn[band] ?? 0);
          bands[neighbour + band] = (bands[neighbour + band] ?? 0) + error * share;
        }
      }
    }
  }
  return indexes;
}

const diffusion = [
  [1, 0, 7 / 16],
  [-1, 1, 3 / 16],
  [0, 1, 5 / 16],
  [1, 1, 1 / 16],
] as const;
