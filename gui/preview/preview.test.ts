import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { inflateSync } from "node:zlib";
import encodeMozjpeg, { init as initMozjpeg } from "@jsquash/jpeg/encode.js";
import fc from "fast-check";
import { GifWriter } from "omggif";
import { PNG } from "pngjs";
import { Pool } from "../../core/e2ee/offload/pool.ts";
import { projectRoot } from "../../core/platform/project-root.ts";
import { blockCells, blockLines } from "./blocks.ts";
import { decode } from "./decode.ts";
import { kittyPicture } from "./kitty.ts";
import { opaque, type Picture, shrink, sizeWithin, turn } from "./picture.ts";
import { pictureHeader } from "./picture-header.ts";
import { PooledPreviews, previewTasksFile } from "./preview-tasks.ts";

const fixture = (name: string) => readFileSync(path.join(projectRoot, "core/client/files/fixtures", name));
const pool = new Pool({ filename: previewTasksFile, threadsMax: 1, queueMax: 4 });
after(() => pool.close());

const red = [255, 0, 0, 255] as const;
const green = [0, 255, 0, 255] as const;
const blue = [0, 0, 255, 255] as const;
const white = [255, 255, 255, 255] as const;
type Colour = readonly [number, number, number, number];

/** Quarters: red and green above blue and white. */
function quarters(width: number, height: number): Picture {
  const rgba = new Uint8Array(width * height * 4);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const colour = y < height / 2 ? (x < width / 2 ? red : green) : x < width / 2 ? blue : white;
      rgba.set(colour, (y * width + x) * 4);
    }
  }
  return { width, height, rgba };
}

const at = ({ width, rgba }: Picture, x: number, y: number) => [
  ...rgba.subarray((y * width + x) * 4, (y * width + x) * 4 + 4),
];

function corners(picture: Picture): string {
  const { width, height } = picture;
  const names = new Map<Colour, string>([
    [red, "r"],
    [green, "g"],
    [blue, "b"],
    [white, "w"],
  ]);
  const name = (x: number, y: number) => {
    const seen = at(picture, x, y);
    for (const [colour, letter] of names) {
      if (colour.every((band, n) => Math.abs(band - (seen[n] as number)) < 40)) return letter;
    }
    return seen.join();
  };
  return name(0, 0) + name(width - 1, 0) + name(0, height - 1) + name(width - 1, height - 1);
}

function pngOf({ width, height, rgba }: Picture): Buffer {
  const png = new PNG({ width, height });
  png.data = Buffer.from(rgba);
  return PNG.sync.write(png);
}

async function jpegOf({ width, height, rgba }: Picture): Promise<Buffer> {
  const wasm = import.meta.resolve("@jsquash/jpeg/codec/enc/mozjpeg_enc.wasm");
  await initMozjpeg({ wasmBinary: readFileSync(fileURLToPath(wasm)) });
  return Buffer.from(
    await encodeMozjpeg(
      { width, height, data: new Uint8ClampedArray(rgba), colorSpace: "srgb" },
      { progressive: false },
    ),
  );
}

function gifOf({ width, height }: Picture, frame = { x: 0, y: 0, width, height }): Buffer {
  const bytes: number[] = [];
  const writer = new GifWriter(bytes, width, height, { palette: [0xff0000, 0x00ff00, 0x0000ff, 0xffffff] });
  const indexes = Array.from({ length: frame.width * frame.height }, (_, n) => {
    const [x, y] = [n % frame.width, Math.floor(n / frame.width)];
    return (y < height / 2 ? 0 : 2) + (x < width / 2 ? 0 : 1);
  });
  writer.addFrame(frame.x, frame.y, frame.width, frame.height, indexes);
  return Buffer.from(bytes.slice(0, writer.end()));
}

/** What a terminal would draw; the parts of Sixel that are used here. */
function sixelPixels(sequence: string): Picture {
  const [, width, height] = (/"1;1;(\d+);(\d+)/.exec(sequence) as RegExpExecArray).map(Number) as [
    number,
    number,
    number,
  ];
  const picture = { width, height, rgba: new Uint8Array(width * height * 4) };
  const palette = new Map<number, Colour>();
  let [x, top, colour] = [0, 0, 0];
  for (const [token, register, red, green, blue] of sequence
    .replace(/^\x1bP0;1;q"1;1;\d+;\d+|\x1b\\$/g, "")
    .matchAll(/#(\d+)(?:;2;(\d+);(\d+);(\d+))?|!\d+[?-~]|[?-~]|[$-]/g)) {
    if (register !== undefined) {
      colour = Number(register);
      if (red !== undefined) {
        palette.set(colour, [
          ...[red, green, blue].map((band) => Math.round((Number(band) * 255) / 100)),
          255,
        ] as unknown as Colour);
      }
    } else if (token === "$" || token === "-") {
      x = 0;
      if (token === "-") top += 6;
    } else {
      const bits = token.charCodeAt(token.length - 1) - 63;
      for (let times = token[0] === "!" ? Number.parseInt(token.slice(1)) : 1; times > 0; times--, x++) {
        for (let row = 0; row < 6; row++) {
          if (bits & (1 << row)) picture.rgba.set(palette.get(colour) as Colour, ((top + row) * width + x) * 4);
        }
      }
    }
  }
  return picture;
}

async function decoded(file: Uint8Array): Promise<Picture> {
  const picture = await decode(file);
  assert.ok(picture.ok, JSON.stringify(picture));
  return picture.value;
}

test("a picture of each kind is decoded to its pixels", async () => {
  const picture = quarters(32, 16);
  for (const file of [pngOf(picture), await jpegOf(picture), gifOf(picture)]) {
    const { width, height } = await decoded(file);
    assert.deepEqual([width, height], [32, 16]);
    assert.equal(corners(await decoded(file)), "rgbw");
  }
  for (const name of ["photo.webp", "animation.gif"])
    assert.equal((await decoded(fixture(name))).rgba.length, 24 * 16 * 4);
});

test("of a moving WebP the first frame is shown", async () => {
  const still = fixture("photo.webp");
  const inside: Buffer[] = [];
  for (let from = 12; from < still.length; ) {
    const length = 8 + still.readUInt32LE(from + 4) + (still.readUInt32LE(from + 4) % 2);
    if (/VP8[ L]|ALPH/.test(still.toString("latin1", from, from + 4))) inside.push(still.subarray(from, from + length));
    from += length;
  }
  const chunk = (name: string, ...content: Buffer[]) => {
    const all = Buffer.concat(content);
    const head = Buffer.from(`${name}\0\0\0\0`, "latin1");
    head.writeUInt32LE(all.length, 4);
    return Buffer.concat([head, all, Buffer.alloc(all.length % 2)]);
  };
  const size = Buffer.from([23, 0, 0, 15, 0, 0]);
  const frame = chunk("ANMF", Buffer.alloc(6), size, Buffer.alloc(4), ...inside);
  const moving = chunk(
    "RIFF",
    Buffer.from("WEBP"),
    chunk("VP8X", Buffer.from([2, 0, 0, 0]), size),
    chunk("ANIM", Buffer.alloc(6)),
    frame,
    frame,
  );
  const [first, whole] = [await decoded(moving), await decoded(still)];
  assert.deepEqual([first.width, first.height], [24, 16]);
  assert.deepEqual(at(first, 3, 3), at(turn(whole, whole.width === 24 ? 1 : 8), 3, 3));
});

test("a picture is upright, whichever way the camera was held", async () => {
  const upright = turn(quarters(4, 2), 1);
  assert.deepEqual(
    [1, 2, 3, 4, 5, 6, 7, 8].map((orientation) => corners(turn(upright, orientation))),
    ["rgbw", "grwb", "wbgr", "bwrg", "rbgw", "brwg", "wgbr", "gwrb"],
  );
  assert.deepEqual([turn(upright, 6).width, turn(upright, 6).height], [2, 4]);
  // The camera of the fixture lay on its side.
  for (const name of ["photo.jpg", "photo.png"]) {
    const { width, height } = await decoded(fixture(name));
    assert.deepEqual([width, height], [16, 24], name);
  }
});

test("a picture of too many pixels is refused by its header, before any memory is taken", async () => {
  const png = pngOf(quarters(2, 2));
  png.writeUInt32BE(100_000, 16);
  png.writeUInt32BE(100_000, 20);
  const gif = gifOf(quarters(2, 2));
  gif.writeUInt16LE(0xffff, 6);
  gif.writeUInt16LE(0xffff, 8);
  const before = process.memoryUsage().arrayBuffers;
  for (const file of [png, gif]) {
    const refusal = await decode(file);
    assert.match(refusal.ok ? "" : refusal.reason, /too large for a preview: \d+ × \d+/);
  }
  assert.ok(process.memoryUsage().arrayBuffers - before < 1_000_000);
});

test("of a JPEG that broke off the part is shown that has come", async () => {
  const noisy = {
    width: 64,
    height: 64,
    rgba: new Uint8Array(quarters(64, 64).rgba.map((band, n) => band ^ (n % 4 === 3 ? 0 : (n * n) & 15))),
  };
  const whole = await jpegOf(noisy);
  const picture = await decoded(whole.subarray(0, whole.length - 20));
  assert.match(corners(picture), /^rg/);
});

test("a frame outside of its canvas is refused", async () => {
  const gif = gifOf(quarters(8, 8), { x: 4, y: 0, width: 8, height: 8 });
  assert.deepEqual(await decode(gif), { ok: false, reason: "no sound GIF" });
});

test("a broken file is a reason, never an exception", async () => {
  assert.deepEqual(await decode(Buffer.from("a text")), {
    ok: false,
    reason: "no picture of a kind that is shown here (JPEG, PNG, GIF, WebP)",
  });
  const files = [...["photo.jpg", "photo.png", "photo.webp", "animation.gif"].map(fixture), gifOf(quarters(4, 4))];
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...files),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 4 }),
      async (file, length, flips) => {
        const broken = Buffer.from(file.subarray(0, Math.ceil(file.length * length)));
        for (const [place, value] of flips) if (broken.length > 0) broken[place % broken.length] = value;
        const header = pictureHeader(broken);
        // What claims to be huge takes long to be found out.
        if (header.ok && header.value.width * header.value.height > 1_000_000) return;
        const picture = await decode(broken);
        if (picture.ok) assert.equal(picture.value.rgba.length, picture.value.width * picture.value.height * 4);
        else assert.match(picture.reason, /^(no |too large)/);
      },
    ),
    { numRuns: 150 },
  );
});

test("a shrunk picture keeps its proportions, and averages what it leaves out", () => {
  assert.deepEqual(sizeWithin({ width: 4000, height: 3000 }, { width: 80, height: 48 }), { width: 64, height: 48 });
  assert.deepEqual(sizeWithin({ width: 10, height: 5 }, { width: 80, height: 48 }), { width: 10, height: 5 });
  assert.deepEqual(sizeWithin({ width: 10_000, height: 1 }, { width: 80, height: 48 }), { width: 80, height: 1 });
  assert.equal(corners(shrink(quarters(64, 32), { width: 2, height: 2 })), "rgbw");
  assert.deepEqual(at(shrink(quarters(2, 2), { width: 1, height: 1 }), 0, 0), [128, 128, 128, 255]);
  const half = { width: 2, height: 1, rgba: new Uint8Array([200, 100, 50, 255, 0, 0, 0, 0]) };
  assert.deepEqual(at(shrink(half, { width: 1, height: 1 }), 0, 0), [200, 100, 50, 128]);
  assert.deepEqual(at(opaque(half), 1, 0), [128, 128, 128, 255]);
});

test("half blocks show two pixels in a cell, in the colours that the terminal has", () => {
  const lines = blockLines(blockCells(quarters(4, 2), "true colour"));
  assert.deepEqual(lines, ["\x1b[38;2;255;0;0;48;2;0;0;255m▀▀\x1b[38;2;0;255;0;48;2;255;255;255m▀▀\x1b[0m"]);
  assert.deepEqual(blockLines(blockCells(quarters(2, 2), "256")), [
    "\x1b[38;5;196;48;5;21m▀\x1b[38;5;46;48;5;231m▀\x1b[0m",
  ]);
  const grey = { width: 1, height: 1, rgba: new Uint8Array([118, 118, 118, 255]) };
  assert.deepEqual(blockLines(blockCells(grey, "256")), ["\x1b[38;5;243;48;5;243m▀\x1b[0m"]);
});

test("Kitty gets the pixels in chunks of 4,096 letters at most", () => {
  const noise = {
    width: 64,
    height: 64,
    rgba: Uint8Array.from({ length: 64 * 64 * 4 }, (_, n) => (n * n * 40_503) >>> 5),
  };
  const sequences = kittyPicture(noise, { id: 7, columns: 8, rows: 4 }).split("\x1b\\").slice(0, -1);
  assert.ok(sequences.length > 1);
  assert.match(sequences[0] as string, /^\x1b_Ga=T,f=32,o=z,s=64,v=64,i=7,c=8,r=4,C=1,q=2,m=1;/);
  const chunks = sequences.map((sequence) => sequence.split(";")[1] as string);
  assert.ok(chunks.every((chunk) => chunk.length <= 4096));
  sequences.forEach((sequence, n) => assert.ok(sequence.includes(n === sequences.length - 1 ? "m=0;" : "m=1;")));
  assert.deepEqual(new Uint8Array(inflateSync(Buffer.from(chunks.join(""), "base64"))), noise.rgba);
});

test("a preview is made in another thread, in the size that there is room for", async () => {
  const previews = new PooledPreviews(pool);
  const file = () => new Uint8Array(pngOf(quarters(400, 200)));
  const room = { columns: 20, rows: 20 };
  const blocks = await previews.preview({ file: file(), ...room, way: { kind: "blocks", depth: "256" } });
  assert.ok(blocks.ok && blocks.value.drawing.kind === "cells");
  assert.deepEqual([blocks.value.columns, blocks.value.rows], [20, 5]);
  assert.deepEqual([blocks.value.drawing.cells.length, blocks.value.drawing.cells[0]?.length], [5, 20]);
  const kitty = await previews.preview({ file: file(), ...room, way: { kind: "kitty", id: 1 } });
  assert.ok(kitty.ok && kitty.value.drawing.kind === "sequence");
  assert.match(kitty.value.drawing.sequence, /s=160,v=80,i=1,c=20,r=5,/);
  const sixel = await previews.preview({
    file: file(),
    ...room,
    cell: { width: 10, height: 20 },
    way: { kind: "sixel" },
  });
  assert.ok(sixel.ok && sixel.value.drawing.kind === "sequence");
  // A hundred equal columns are written as one.
  assert.match(sixel.value.drawing.sequence, /^\x1bP.*q.*!100~/);
  const seen = sixelPixels(sixel.value.drawing.sequence);
  assert.equal(corners(seen), "rgbw");
  assert.deepEqual([seen.width, seen.height, sixel.value.columns, sixel.value.rows], [200, 100, 20, 5]);
  const refused = await previews.preview({ file: new Uint8Array(3), ...room, way: { kind: "sixel" } });
  assert.ok(!refused.ok);
});
