import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { projectRoot } from "../platform/project-root.ts";
import { namedExifOf } from "./exif.ts";
import { readHeader } from "./header.ts";
import { stripMetadata } from "./strip-metadata.ts";

const fixture = (name: string) => readFileSync(path.join(projectRoot, "core/media/fixtures", name));

function headerOf(bytes: Uint8Array) {
  const header = readHeader(bytes);
  assert.ok(header.ok, header.ok ? "" : header.reason);
  return header.value;
}

test("a header has the picture's kind, size and orientation", () => {
  const size = { width: 24, height: 16 };
  assert.deepEqual(headerOf(fixture("photo.jpg")), { type: "image/jpeg", ...size, orientation: 6 });
  assert.deepEqual(headerOf(fixture("photo.png")), { type: "image/png", ...size, orientation: 6 });
  assert.deepEqual(headerOf(fixture("photo.webp")), { type: "image/webp", ...size, orientation: 6 });
  assert.deepEqual(headerOf(fixture("animation.gif")), { type: "image/gif", ...size, orientation: 1 });
});

test("a picture has the same header with and without its metadata", () => {
  for (const name of ["photo.jpg", "photo.png", "photo.webp", "animation.gif"]) {
    const stripped = stripMetadata(fixture(name));
    assert.ok(stripped.ok);
    assert.deepEqual(headerOf(stripped.value), headerOf(fixture(name)), name);
  }
});

test("a WebP whose EXIF begins with its name is turned, and stays so without its metadata", () => {
  const exif = namedExifOf(8);
  const chunk = Buffer.concat([Buffer.from("EXIF\0\0\0\0", "latin1"), exif]);
  chunk.writeUInt32LE(exif.length, 4);
  const plain = withoutExif(fixture("photo.webp"));
  const named = Buffer.concat([plain, chunk]);
  named.writeUInt32LE(named.length - 8, 4);
  assert.equal(headerOf(named).orientation, 8);
  const stripped = stripMetadata(named);
  assert.ok(stripped.ok);
  assert.equal(headerOf(stripped.value).orientation, 8);
});

/** The picture without its last chunk, which is its EXIF. */
function withoutExif(webp: Buffer): Buffer {
  const stripped = stripMetadata(webp);
  assert.ok(stripped.ok);
  const bytes = Buffer.from(stripped.value);
  return bytes.subarray(0, bytes.lastIndexOf("EXIF"));
}
