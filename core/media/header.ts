import { accepted, type Parsed, refused } from "../platform/result.ts";
import type { StoredShape } from "./format.ts";
import { formatOf, isPictureType } from "./formats.ts";
import { imageType, type PictureType } from "./identify.ts";
import { pixelsMax } from "./pixels.ts";
import { Unsound } from "./unsound.ts";

/** What a picture's header says, without decoding anything; the size is that before the picture is turned. */
export interface Header extends StoredShape {
  readonly type: PictureType;
}

/** Reads a picture's header. Refuses a picture that is too large, so that a small file cannot ask for gigabytes of memory. */
export function readHeader(picture: Uint8Array): Parsed<Header> {
  const bytes = Buffer.from(picture.buffer, picture.byteOffset, picture.byteLength);
  const type = imageType(bytes);
  if (!isPictureType(type)) return refused(type ? `pictures of ${type} cannot be shown here` : "it is no picture");
  try {
    const { width, height, orientation } = formatOf(type).header(bytes);
    if (width === 0 || height === 0) return refused("the picture is empty");
    if (width * height > pixelsMax) return refused(`the picture is too large: ${width} × ${height}`);
    return accepted({ type, width, height, orientation });
  } catch (cause) {
    if (cause instanceof Unsound && cause.message !== "") return refused(`this is no sound ${type}: ${cause.message}`);
    if (cause instanceof RangeError || cause instanceof Unsound) return refused(`this is no sound ${type}`);
    throw cause;
  }
}
