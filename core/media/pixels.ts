/** A decoded picture. Its pixels are in rows from the top left: red, green, blue and opacity, a byte each. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array;
}

/** The size of a picture or of an area, in pixels. */
export interface PixelSize {
  readonly width: number;
  readonly height: number;
}

/** Pixels of a picture at most. Decoding takes eight bytes for each, so the largest picture takes 320 MB. */
export const pixelsMax = 40_000_000;
