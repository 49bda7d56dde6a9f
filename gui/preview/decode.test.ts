import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { crc32, deflateSync } from "node:zlib";
import fc from "fast-check";
import { PNG } from "pngjs";
import type { Picture } from "../../core/media/pixels.ts";
import { projectRoot } from "../../core/platform/project-root.ts";
import { propertyRuns } from "../../core/testing/property-runs.ts";
import { decode } from "./decode.ts";

const fixture = (name: string) => readFileSync(path.join(projectRoot, "core/media/fixtures", name));
const names = ["photo.jpg", "photo.png", "photo.webp", "animation.gif"];

function decoded(bytes: Uint8Array): Picture & { orientation: number } {
  const result = decode(bytes);
  assert.ok(result.ok, result.ok ? "" : result.reason);
  return { ...result.value.picture, orientation: result.value.orientation };
}

const pixelAt = ({ width, pixels }: Picture, x: number, y: number) => [
  ...pixels.subarray((y * width + x) * 4, (y * width + x) * 4 + 4),
];

function refusal(bytes: Uint8Array): string {
  const result = decode(bytes);
  assert.ok(!result.ok, "it was decoded");
  return result.reason;
}

/** The same image in another file: bytes of it changed. */
function changed(name: string, at: number, ...bytes: number[]): Buffer {
  const image = fixture(name);
  image.set(bytes, at);
  return image;
}

test("a picture of each kind is decoded: redder to the right, greener downwards", () => {
  for (const name of names.slice(0, 3)) {
    const picture = decoded(fixture(name));
    assert.deepEqual([picture.width, picture.height, picture.pixels.length], [24, 16, 24 * 16 * 4], name);
    assert.equal(picture.orientation, 6, name);
    const [, , , opacity] = pixelAt(picture, 0, 0);
    assert.equal(opacity, 255, name);
    assert.ok((pixelAt(picture, 23, 0)[0] ?? 0) > 200 && (pixelAt(picture, 0, 0)[0] ?? 255) < 30, name);
    assert.ok((pixelAt(picture, 0, 15)[1] ?? 0) > 200 && (pixelAt(picture, 0, 0)[1] ?? 255) < 30, name);
  }
});

test("of an animated GIF the first picture is shown", () => {
  const picture = decoded(fixture("animation.gif"));
  assert.deepEqual([picture.width, picture.height], [24, 16]);
  assert.deepEqual(pixelAt(picture, 0, 0), [0, 0, 0, 255]);
});

test("of an animated WebP the first picture is shown, in its place", () => {
  const frames = fixture("photo.webp");
  const picture = decoded(animatedWebp(frames, { x: 4, y: 2 }, { width: 30, height: 20 }));
  assert.deepEqual([picture.width, picture.height], [30, 20]);
  assert.deepEqual(pixelAt(picture, 3, 2), [0, 0, 0, 0]);
  assert.deepEqual(pixelAt(picture, 4 + 23, 2), pixelAt(decoded(frames), 23, 0));
  assert.match(refusal(animatedWebp(frames, { x: 8, y: 0 }, { width: 30, height: 20 })), /stands out/);
});

test("a picture of more than 40 megapixels is refused by its header, before anything is decoded", () => {
  const large = /too large: 65535 × 65535/;
  const jpeg = fixture("photo.jpg");
  const frame = jpeg.indexOf(Buffer.from([0xff, 0xc2]));
  assert.match(refusal(changed("photo.jpg", frame + 5, 0xff, 0xff, 0xff, 0xff)), large);
  assert.match(refusal(changed("photo.png", 16, 0, 0, 0xff, 0xff, 0, 0, 0xff, 0xff)), large);
  assert.match(refusal(changed("photo.png", 16, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)), /too large/);
  assert.match(refusal(changed("animation.gif", 6, 0xff, 0xff, 0xff, 0xff)), large);
  assert.equal(fixture("photo.webp").toString("latin1", 12, 16), "VP8X");
  assert.match(refusal(changed("photo.webp", 24, 0xfe, 0xff, 0, 0xfe, 0xff, 0)), large);
});

test("a picture inside a GIF or a WebP that is larger than it says is refused", () => {
  const gif = fixture("animation.gif");
  const descriptor = gif.indexOf(0x2c, gif.indexOf(Buffer.from([0x21, 0xf9])));
  assert.match(refusal(changed("animation.gif", descriptor + 5, 0xff, 0xff, 0xff, 0xff)), /too large/);
  assert.match(refusal(changed("animation.gif", descriptor + 5, 25, 0)), /stands out/);
  const webp = fixture("photo.webp");
  const frame = webp.indexOf("VP8L");
  assert.ok(frame > 0);
  webp.writeUInt32LE(0x0fff_ffff, frame + 9);
  assert.match(refusal(webp), /no sound/);
});

test("a picture without pixels is refused", () => {
  assert.equal(refusal(changed("photo.png", 16, 0, 0, 0, 0)), "the picture is empty");
  assert.equal(refusal(changed("animation.gif", 8, 0, 0)), "the picture is empty");
  const frame = fixture("photo.jpg").indexOf(Buffer.from([0xff, 0xc2]));
  assert.equal(refusal(changed("photo.jpg", frame + 5, 0, 0)), "the picture is empty");
});

test("a JPEG with more passes than any camera makes is refused, however small", () => {
  const jpeg = fixture("photo.jpg");
  const scan = jpeg.indexOf(Buffer.from([0xff, 0xda]));
  const passes = Buffer.from(Array.from({ length: 101 }, () => [0xff, 0xda]).flat());
  assert.match(refusal(Buffer.concat([jpeg.subarray(0, scan), passes, jpeg.subarray(scan)])), /too many passes/);
});

test("an interlaced PNG that unpacks to more than its pixels is refused", () => {
  const interlaced = PNG.sync.write(new PNG({ width: 8, height: 8 }));
  const bomb = pngWith(interlaced, deflateSync(Buffer.alloc(50_000_000)));
  assert.match(refusal(bomb), /larger than \d+ bytes/);
});

test("a file that is no picture is refused by its kind", () => {
  assert.equal(refusal(Buffer.from("hello, I am text")), "it is no picture");
  assert.equal(refusal(new Uint8Array()), "it is no picture");
  assert.equal(
    refusal(Buffer.from("\0\0\0\x18ftypheic\0\0\0\0", "latin1")),
    "pictures of image/heic cannot be shown here",
  );
});

test("a picture cut anywhere, or with bytes changed, is decoded or refused, and the next one is decoded", () => {
  const hurt = fc.record({
    name: fc.constantFrom(...names),
    cut: fc.double({ min: 0, max: 1, noNaN: true }),
    changes: fc.array(fc.tuple(fc.double({ min: 0, max: 0.999, noNaN: true }), fc.nat(255)), { maxLength: 4 }),
  });
  fc.assert(
    fc.property(hurt, ({ name, cut, changes }) => {
      const image = fixture(name);
      for (const [at, value] of changes) image[Math.floor(at * image.length)] = value;
      const result = decode(image.subarray(0, Math.ceil(cut * image.length)));
      if (result.ok) {
        const { width, height, pixels } = result.value.picture;
        assert.equal(pixels.length, width * height * 4);
      } else assert.ok(result.reason.length > 0);
    }),
    propertyRuns(500),
  );
  for (const name of names) assert.ok(decode(fixture(name)).ok, name);
});

/** An interlaced PNG with these packed pixels. */
function pngWith(png: Buffer, packed: Buffer): Buffer {
  const chunk = (name: string, payload: Uint8Array) => {
    const body = Buffer.concat([Buffer.from(name, "latin1"), payload]);
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(payload.length);
    sum.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, sum]);
  };
  const header = Buffer.from(png.subarray(16, 29));
  header[12] = 1;
  return Buffer.concat([
    png.subarray(0, 8),
    ...[chunk("IHDR", header), chunk("IDAT", packed), chunk("IEND", Buffer.alloc(0))],
  ]);
}

/** An animation of one picture, on a larger canvas. */
function animatedWebp(webp: Buffer, at: { x: number; y: number }, canvas: { width: number; height: number }): Buffer {
  const lossless = webp.indexOf("VP8L");
  const picture = webp.subarray(
    lossless,
    lossless + 8 + webp.readUInt32LE(lossless + 4) + (webp.readUInt32LE(lossless + 4) & 1),
  );
  const chunk = (name: string, payload: Buffer) => {
    const head = Buffer.from(`${name}\0\0\0\0`, "latin1");
    head.writeUInt32LE(payload.length, 4);
    return Buffer.concat([head, payload]);
  };
  const size = (of: { width: number; height: number }) => {
    const bytes = Buffer.alloc(6);
    bytes.writeUIntLE(of.width - 1, 0, 3);
    bytes.writeUIntLE(of.height - 1, 3, 3);
    return bytes;
  };
  const place = Buffer.alloc(6);
  place.writeUIntLE(at.x / 2, 0, 3);
  place.writeUIntLE(at.y / 2, 3, 3);
  const frame = Buffer.concat([place, size({ width: 24, height: 16 }), Buffer.from([100, 0, 0, 2]), picture]);
  const whole = Buffer.concat([
    Buffer.from("RIFF\0\0\0\0WEBP", "latin1"),
    chunk("VP8X", Buffer.concat([Buffer.from([0x12, 0, 0, 0]), size(canvas)])),
    ...[chunk("ANIM", Buffer.alloc(6)), chunk("ANMF", frame)],
  ]);
  whole.writeUInt32LE(whole.length - 8, 4);
  return whole;
}
