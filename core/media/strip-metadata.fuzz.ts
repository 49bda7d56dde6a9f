import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import type { FuzzTarget } from "../fuzz/target.ts";
import { projectRoot } from "../platform/project-root.ts";
import { accepted } from "../platform/result.ts";
import { imageType } from "./identify.ts";
import { stripMetadata } from "./strip-metadata.ts";

const photo = (name: string) => readFileSync(path.join(projectRoot, "core/media/fixtures", name));
const latin1 = (text: string) => Buffer.from(text, "latin1");

/** Bytes that a new EXIF with the orientation adds at most. */
const addedBytesMax = 64;

function many(bytes: number, head: Uint8Array, piece: Uint8Array, end: Uint8Array): Uint8Array {
  const room = Math.max(0, bytes - head.length - end.length);
  return Buffer.concat([head, Buffer.alloc(room - (room % piece.length), piece), end]);
}

function webp(chunks: Uint8Array): Uint8Array {
  const head = latin1("RIFF\0\0\0\0WEBP");
  head.writeUInt32LE(4 + chunks.length, 4);
  return Buffer.concat([head, chunks]);
}

const gifHead = latin1("GIF89a\x01\0\x01\0\0\0\0");
const pngHead = latin1("\x89PNG\r\n\x1a\n");
const pngEnd = latin1("\0\0\0\0IEND\xae\x42\x60\x82");
const jpegHead = latin1("\xff\xd8");
const jpegEnd = latin1("\xff\xd9");
const none = new Uint8Array(0);

export const targets: readonly FuzzTarget[] = [
  {
    // A stripped image is of the same kind, and stripping it again removes nothing.
    name: "image-metadata",
    bytesMax: 512 * 1024,
    words: [
      ..."\xff\xd8|\xff\xd9|\xff\xda|\xff\xff|\xff\xe1\0\x10Exif\0\0|\xff\xd0|\xff\xfe\0\x02|MM\0*|II*\0".split("|"),
      ..."eXIf|IEND|IDAT|tEXt|VP8X|EXIF|XMP |ANMF|\x21\xff\x0b|\x21\xfe|\x3b|\x2c|\x01\x12".split("|"),
    ].map(latin1),
    seeds: () => ["photo.jpg", "photo.png", "photo.webp", "animation.gif"].map(photo),
    run(bytes) {
      const stripped = stripMetadata(bytes);
      if (!stripped.ok) return stripped;
      const type = imageType(bytes);
      assert.ok(stripped.value.length <= bytes.length + addedBytesMax, "an image that grows");
      assert.equal(imageType(stripped.value), type);
      const again = stripMetadata(stripped.value);
      assert.ok(again.ok, "what comes out is no image any more");
      assert.ok(Buffer.from(again.value).equals(stripped.value), "there was more to be taken out");
      return accepted(type);
    },
    growth: {
      "JPEG: empty comments": (bytes) => many(bytes, jpegHead, latin1("\xff\xfe\0\x02"), jpegEnd),
      "JPEG: empty tables": (bytes) => many(bytes, jpegHead, latin1("\xff\xdb\0\x02"), jpegEnd),
      "JPEG: EXIF without an end": (bytes) =>
        many(bytes, jpegHead, latin1("\xff\xe1\0\x16Exif\0\0MM\0*\0\0\0\x08\xff\xff\0\0"), jpegEnd),
      "JPEG: fill bytes": (bytes) => many(bytes, jpegHead, latin1("\xff"), jpegEnd),
      "JPEG: scans": (bytes) => many(bytes, jpegHead, latin1("\xff\xda\0\x02"), jpegEnd),
      "JPEG: a scan of stuffed zeros": (bytes) =>
        many(bytes, latin1("\xff\xd8\xff\xda\0\x02"), latin1("\xff\0"), jpegEnd),
      "PNG: empty chunks": (bytes) => many(bytes, pngHead, latin1("\0\0\0\0IDAT\0\0\0\0"), pngEnd),
      "PNG: EXIF": (bytes) => many(bytes, pngHead, latin1("\0\0\0\x0aeXIfMM\0*\0\0\0\x08\xff\xff\0\0\0\0"), pngEnd),
      "GIF: empty extensions": (bytes) => many(bytes, gifHead, latin1("\x21\xf9\0"), latin1("\x3b")),
      "GIF: short blocks": (bytes) =>
        many(bytes, Buffer.concat([gifHead, latin1("\x21\xfe")]), latin1("\x01x"), latin1("\0\x3b")),
      "WebP: empty chunks": (bytes) => webp(many(bytes, none, latin1("ALPH\0\0\0\0"), none)),
    },
  },
];
