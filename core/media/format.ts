import type { PixelSize } from "./pixels.ts";

/** A kind of picture. Both methods throw `Unsound` or `RangeError` at a file that breaks its format. */
export interface PictureFormat {
  /** Reads the size as it is stored, and the orientation. */
  header(bytes: Buffer): StoredShape;
  /** Returns the pieces of the file that are needed to draw it. */
  strip(bytes: Buffer): Buffer[];
}

export interface StoredShape extends PixelSize {
  /** 1 to 8, as EXIF counts the ways in which a camera can be held; 1 is upright. */
  readonly orientation: number;
}
