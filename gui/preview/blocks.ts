import { nearestInPalette, type Rgb } from "./palette.ts";
import type { Picture } from "./picture.ts";

export type ColourDepth = "true colour" | "256";

/** One cell of a terminal: two pixels, one above the other, as the colours of a half block and of what is behind it. */
export interface BlockCell {
  readonly character: "▀";
  /** The SGR sequence that sets its colours. */
  readonly style: string;
}

/** A picture without transparency as cells, row by row: as wide as it is, half as high. */
export function blockCells(picture: Picture, depth: ColourDepth): BlockCell[][] {
  const colour = depth === "256" ? paletteColour : trueColour;
  const rows: BlockCell[][] = [];
  for (let y = 0; y < picture.height; y += 2) {
    const row: BlockCell[] = [];
    for (let x = 0; x < picture.width; x++) {
      const upper = colour(picture, x, y);
      const lower = colour(picture, x, Math.min(y + 1, picture.height - 1));
      row.push({ character: "▀", style: `\x1b[38;${upper};48;${lower}m` });
    }
    rows.push(row);
  }
  return rows;
}

/** Cells as lines of text with SGR sequences, each only where the colours change. */
export function blockLines(rows: readonly (readonly BlockCell[])[]): string[] {
  return rows.map((row) => {
    let line = "";
    let current = "";
    for (const { character, style } of row) {
      line += style === current ? character : style + character;
      current = style;
    }
    return `${line}\x1b[0m`;
  });
}

function trueColour({ rgba, width }: Picture, x: number, y: number): string {
  const at = (y * width + x) * 4;
  return `2;${rgba[at]};${rgba[at + 1]};${rgba[at + 2]}`;
}

function paletteColour({ rgba, width }: Picture, x: number, y: number): string {
  const at = (y * width + x) * 4;
  return `5;${nearestInPalette([rgba[at], rgba[at + 1], rgba[at + 2]] as unknown as Rgb)}`;
}
