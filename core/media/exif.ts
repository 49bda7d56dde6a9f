const orientationTag = 0x0112;
const exifName = "Exif\0\0";

/** Whether bytes are EXIF behind its name, as JPEG has it, and some programs write it into WebP. */
export const isNamedExif = (bytes: Buffer): boolean => bytes.toString("latin1", 0, exifName.length) === exifName;

/** The orientation in EXIF, with or without its name in front; 1, upright, where EXIF has none. */
export const orientationOf = (exif: Buffer): number =>
  tiffOrientation(isNamedExif(exif) ? exif.subarray(exifName.length) : exif);

/** EXIF, a TIFF structure, with the orientation and nothing else. */
export function exifOf(orientation: number): Buffer {
  const tiff = Buffer.alloc(26);
  tiff.write("MM\0*", "latin1");
  tiff.writeUInt32BE(8, 4);
  tiff.writeUInt16BE(1, 8);
  tiff.writeUInt16BE(orientationTag, 10);
  tiff.writeUInt16BE(3, 12); // Of type SHORT,
  tiff.writeUInt32BE(1, 14); // one of them.
  tiff.writeUInt16BE(orientation, 18);
  return tiff;
}

/** The same behind its name. */
export const namedExifOf = (orientation: number): Buffer =>
  Buffer.concat([Buffer.from(exifName, "latin1"), exifOf(orientation)]);

/** The orientation in the first directory of a TIFF structure (TIFF 6.0, section 2). */
function tiffOrientation(tiff: Buffer): number {
  const little = tiff.toString("latin1", 0, 2) === "II";
  const short = (at: number) => (little ? tiff.readUInt16LE(at) : tiff.readUInt16BE(at));
  const long = (at: number) => (little ? tiff.readUInt32LE(at) : tiff.readUInt32BE(at));
  try {
    const directory = long(4);
    for (let entry = 0; entry < short(directory); entry++) {
      const at = directory + 2 + entry * 12;
      const value = short(at + 8);
      if (short(at) === orientationTag) return value >= 1 && value <= 8 ? value : 1;
    }
  } catch (cause) {
    // EXIF that cannot be read gives no orientation, and is removed like any other.
    if (!(cause instanceof RangeError)) throw cause;
  }
  return 1;
}
