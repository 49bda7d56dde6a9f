import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import exifr from "exifr";
import fc from "fast-check";
import { projectRoot } from "../platform/project-root.ts";
import { propertyRuns } from "../testing/property-runs.ts";
import { imageType } from "./identify.ts";
import { stripMetadata } from "./strip-metadata.ts";

/** Small images with a place, a comment, XMP, a colour profile, and bytes behind their end. */
const fixture = (name: string) => readFileSync(path.join(projectRoot, "core/media/fixtures", name));
const images = {
  "photo.jpg": "image/jpeg",
  "photo.png": "image/png",
  "photo.webp": "image/webp",
  "animation.gif": "image/gif",
};
const secrets = ["taken at home", "Zurich", "secret firmware", "Camera Works", "2026:05:01", "hidden behind the end"];

function stripped(image: Uint8Array): Buffer {
  const outcome = stripMetadata(image);
  assert.ok(outcome.ok, outcome.ok ? "" : outcome.reason);
  return Buffer.from(outcome.value);
}

for (const [name, type] of Object.entries(images)) {
  test(`${name} loses the metadata of where, when and with what it was made`, () => {
    const before = fixture(name);
    assert.equal(imageType(before), type);
    assert.ok(secrets.some((secret) => before.includes(secret)));
    const after = stripped(before);
    for (const secret of secrets) assert.equal(after.includes(secret), false, secret);
    assert.equal(imageType(after), type);
    assert.ok(after.length > 100 && after.length < before.length);
    assert.deepEqual(stripped(after), after, "nothing is left to be taken out");
  });

  test(`${name} cut off, or changed anywhere, is refused or stripped, never a crash`, () => {
    const whole = fixture(name);
    for (let length = 0; length < whole.length; length++) stripMetadata(whole.subarray(0, length));
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(255), (at, byte) => {
        const changed = Buffer.from(whole);
        changed[at] = byte;
        stripMetadata(changed);
      }),
      propertyRuns(2000),
    );
  });
}

test("a photograph loses its place and keeps its orientation", async () => {
  const before = fixture("photo.jpg");
  assert.deepEqual(await exifr.gps(before), { latitude: 47 + 22 / 60, longitude: 8 + 32 / 60 });
  const after = await exifr.parse(stripped(before), {
    gps: true,
    xmp: true,
    iptc: true,
    tiff: true,
    mergeOutput: true,
  });
  assert.deepEqual(Object.keys(after), ["Orientation"]);
  for (const name of ["photo.jpg", "photo.png"]) assert.equal(await exifr.orientation(stripped(fixture(name))), 6);
});

test("colour profiles and animation stay", () => {
  assert.ok(stripped(fixture("photo.jpg")).includes("ICC_PROFILE"));
  assert.ok(stripped(fixture("photo.png")).includes("iCCP"));
  assert.ok(stripped(fixture("photo.webp")).includes("ICCP"));
  assert.ok(stripped(fixture("animation.gif")).includes("NETSCAPE2.0"));
});

test("coded pixels stay byte for byte", () => {
  const scan = (image: Buffer) =>
    image.subarray(image.indexOf("\xff\xdb", 0, "latin1"), image.lastIndexOf("\xff\xd9", undefined, "latin1"));
  const [before, after] = [fixture("photo.jpg"), stripped(fixture("photo.jpg"))];
  assert.ok(scan(before).length > 200);
  assert.deepEqual(scan(after), scan(before));
  const pixels = (image: Buffer) => image.subarray(image.indexOf("IDAT") - 4, image.indexOf("IEND"));
  assert.deepEqual(pixels(stripped(fixture("photo.png"))), pixels(fixture("photo.png")));
});

test("an image of a kind whose metadata cannot be removed is refused", () => {
  for (const head of ["\0\0\0\x18ftypheic", "\0\0\0\x18ftypavif", "II*\0", "MM\0*", "\xff\x0a"]) {
    const image = Buffer.from(head.padEnd(64, "\0"), "latin1");
    assert.ok(imageType(image)?.startsWith("image/"));
    assert.equal(stripMetadata(image).ok, false);
  }
  for (const text of ["", "plain text", "%PDF-1.7"]) assert.equal(imageType(Buffer.from(text)), undefined);
});
