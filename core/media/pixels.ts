/** Pixels from the top left on, row by row: red, green, blue and opacity, a byte each. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array;
}

/** What a picture takes, or an area has room for, in pixels. */
export interface PixelSize {
  readonly width: number;
  readonly height: number;
}

/** Decoded, a pixel takes four bytes, and while it is decoded eight: 320 MB of the worst picture's thread. */
export const pixelsMax = 40_000_000;
