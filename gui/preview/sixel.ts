import { image2sixel } from "sixel";
import type { Picture } from "./picture.ts";

/** A picture as Sixel (DEC STD 070), with its top left in a cell, counted from 0; the cursor stays where it was. */
export function sixelShow(picture: Picture, at: { readonly row: number; readonly column: number }): string {
  // Transparent pixels keep what is behind them.
  const keepBackground = 1;
  const drawn = image2sixel(picture.pixels, picture.width, picture.height, 256, keepBackground);
  return `\u001b7\u001b[${at.row + 1};${at.column + 1}H${drawn}\u001b8`;
}
