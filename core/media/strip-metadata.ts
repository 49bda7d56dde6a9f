import { accepted, type Result, refused } from "../platform/result.ts";
import { formatOf, isPictureType } from "./formats.ts";
import { imageType } from "./identify.ts";
import { Unsound } from "./unsound.ts";

/**
 * Takes out of an image what its pixels do not need: EXIF with the place where it was taken, XMP, comments, previews, and
 * whatever is hung on behind its end. Kept are colour profiles, animation, and how the image is to be turned.
 *
 * Written by hand since the libraries at hand lose the turning, or leave what they do not know; here everything that is not
 * known to be needed goes. An image that is not as its format says is refused rather than sent as it is.
 */
export function stripMetadata(image: Uint8Array): Result<Uint8Array> {
  const bytes = Buffer.from(image.buffer, image.byteOffset, image.byteLength);
  const type = imageType(bytes);
  if (!isPictureType(type))
    return refused(`of ${type ?? "this kind of file"} nobody here knows where its metadata are`);
  try {
    return accepted(Buffer.concat(formatOf(type).strip(bytes)));
  } catch (cause) {
    if (cause instanceof RangeError || cause instanceof Unsound) return refused(`this is no sound ${type}`);
    throw cause;
  }
}

/** Images are looked through in memory. */
export const strippableBytesMax = 128 * 1024 * 1024;
