import { deflateSync } from "node:zlib";
import type { Picture } from "./picture.ts";

/** Of the text that carries a picture, in one escape sequence; the protocol allows no more. */
const chunkLength = 4096;

/**
 * Shows a picture from the cursor on in so many cells, by Kitty's graphics protocol
 * (https://sw.kovidgoyal.net/kitty/graphics-protocol/): compressed, without an answer, and without moving the cursor.
 */
export function kittyPicture(picture: Picture, place: { id: number; columns: number; rows: number }): string {
  const { width, height, rgba } = picture;
  const text = deflateSync(rgba).toString("base64");
  const head = `a=T,f=32,o=z,s=${width},v=${height},i=${place.id},c=${place.columns},r=${place.rows},C=1,q=2`;
  let sequences = "";
  for (let at = 0; at < text.length; at += chunkLength) {
    const more = at + chunkLength < text.length ? 1 : 0;
    sequences += `\x1b_G${at === 0 ? `${head},` : "q=2,"}m=${more};${text.slice(at, at + chunkLength)}\x1b\\`;
  }
  return sequences;
}

/** Takes a picture off the screen and out of the terminal's memory. */
export function kittyRemoval(id: number): string {
  return `\x1b_Ga=d,d=I,i=${id},q=2\x1b\\`;
}
