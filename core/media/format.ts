import type { PixelSize } from "./pixels.ts";

/** What is to be known of a kind of picture. Both throw `Unsound` or `RangeError` at a file that is not as its format says. */
export interface PictureFormat {
  /** Its size as it is stored, and how it is to be turned. */
  header(bytes: Buffer): StoredShape;
  /** The pieces of the file without what its pixels do not need. */
  strip(bytes: Buffer): Buffer[];
}

export interface StoredShape extends PixelSize {
  /** 1 to 8, as EXIF counts the ways in which a camera can be held; 1 is upright. */
  readonly orientation: number;
}
