import type { PictureFormat } from "./format.ts";
import { gif } from "./gif.ts";
import type { PictureType } from "./identify.ts";
import { jpeg } from "./jpeg.ts";
import { png } from "./png.ts";
import { webp } from "./webp.ts";

/** All kinds of picture that are known. Another one is its file and a line here. */
const formats: Readonly<Record<PictureType, PictureFormat>> = {
  "image/jpeg": jpeg,
  "image/png": png,
  "image/gif": gif,
  "image/webp": webp,
};

export const formatOf = (type: PictureType): PictureFormat => formats[type];

export function isPictureType(type: string | undefined): type is PictureType {
  return type !== undefined && Object.hasOwn(formats, type);
}
