import { accepted, type Result, refused } from "../platform/result.ts";
import { formatOf, isPictureType } from "./formats.ts";
import { imageType } from "./identify.ts";
import { Unsound } from "./unsound.ts";

/**
 * Removes from an image what its pixels do not need: EXIF with the place where it was taken, XMP, comments, previews, and
 * bytes behind its end. Colour profiles, animation and the orientation stay.
 *
 * Written by hand since libraries lose the orientation, or leave what they do not know. Here everything goes that is not known
 * to be needed, and an image that breaks its format is refused.
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

/** Bytes of an image at most: it is stripped in memory. */
export const strippableBytesMax = 128 * 1024 * 1024;
