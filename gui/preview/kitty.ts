import { deflateSync } from "node:zlib";
import type { Picture } from "../../core/media/pixels.ts";

/** Kitty's graphics protocol (sw.kovidgoyal.net/kitty/graphics-protocol), which other terminals know as well. */

/** Bytes of one sequence's payload, in base64. */
const chunkMax = 4096;

export interface KittyPlace {
  /** Names the picture at the terminal, 1 to 2³² − 1; it replaces the picture that had the id before. */
  readonly id: number;
  /** From the top left, which is 0, 0. */
  readonly row: number;
  readonly column: number;
  /** The cells that it fills. */
  readonly columns: number;
  readonly rows: number;
}

/** Shows a picture in its place; the cursor stays where it was, and the terminal answers nothing. */
export function kittyShow(picture: Picture, { id, row, column, columns, rows }: KittyPlace): string {
  const payload = deflateSync(picture.pixels).toString("base64");
  const size = `s=${picture.width},v=${picture.height}`;
  const keys = `a=T,f=32,o=z,${size},i=${id},p=1,c=${columns},r=${rows},C=1,q=2`;
  let sequences = "";
  for (let at = 0; at < payload.length; at += chunkMax) {
    const more = at + chunkMax < payload.length ? 1 : 0;
    sequences += kittyCommand(at === 0 ? `${keys},m=${more}` : `m=${more},q=2`, payload.slice(at, at + chunkMax));
  }
  return `\u001b7\u001b[${row + 1};${column + 1}H${sequences}\u001b8`;
}

/** Takes a picture from the screen and out of the terminal's memory. */
export function kittyDelete(id: number): string {
  return kittyCommand(`a=d,d=I,i=${id},q=2`);
}

export function kittyCommand(keys: string, payload = ""): string {
  return `\u001b_G${keys}${payload === "" ? "" : `;${payload}`}\u001b\\`;
}
