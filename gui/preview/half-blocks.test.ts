import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { halfBlocks, paletteIndex } from "./half-blocks.ts";

const escape = "\u001b";
const red = [255, 0, 0, 255];
const blue = [0, 0, 255, 255];
const clear = [9, 9, 9, 0];

const picture = (width: number, ...of: number[][]) => ({
  width,
  height: of.length / width,
  pixels: Uint8Array.from(of.flat()),
});

test("a cell shows two pixels, one above the other", () => {
  assert.deepEqual(halfBlocks(picture(1, red, blue), "true"), [`${escape}[38;2;255;0;0;48;2;0;0;255m▀${escape}[0m`]);
  assert.deepEqual(halfBlocks(picture(1, red, blue), "256"), [`${escape}[38;5;196;48;5;21m▀${escape}[0m`]);
});

test("neighbouring cells of the same colours are written with one escape sequence", () => {
  assert.deepEqual(halfBlocks(picture(2, red, red, blue, blue), "256"), [`${escape}[38;5;196;48;5;21m▀▀${escape}[0m`]);
});

test("a transparent pixel shows the terminal's own background", () => {
  const [line] = halfBlocks(picture(4, red, red, clear, clear, blue, clear, blue, clear), "256");
  const [both, upper, lower, none] = [`38;5;196;48;5;21m▀`, `0;38;5;196m▀`, `0;38;5;21m▄`, `0m `];
  assert.equal(line, [both, upper, lower, none, "0m"].map((part) => `${escape}[${part}`).join(""));
});

test("an odd last row is the upper half of its line", () => {
  const lines = halfBlocks(picture(1, red, red, red), "256");
  assert.deepEqual(lines[1], `${escape}[0;38;5;196m▀${escape}[0m`);
});

test("every line is as wide as the picture, and holds nothing but colours and blocks", () => {
  const some = fc
    .tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 12 }))
    .chain(([width, height]) =>
      fc
        .uint8Array({ minLength: width * height * 4, maxLength: width * height * 4 })
        .map((pixels) => ({ width, height, pixels })),
    );
  fc.assert(
    fc.property(some, fc.constantFrom("true" as const, "256" as const), (of, colours) => {
      const lines = halfBlocks(of, colours);
      assert.equal(lines.length, Math.ceil(of.height / 2));
      for (const line of lines) {
        const shown = line.replaceAll(new RegExp(`${escape}\\[[\\d;]*m`, "g"), "");
        assert.match(shown, new RegExp(`^[ ▀▄]{${of.width}}$`));
        assert.ok(line.endsWith(`${escape}[0m`));
      }
    }),
  );
});

test("of the 256 colours the nearest is taken", () => {
  const cube = [0, 95, 135, 175, 215, 255];
  const palette = [
    ...Array.from({ length: 216 }, (_, at) => [
      cube[Math.floor(at / 36)] ?? 0,
      cube[Math.floor(at / 6) % 6] ?? 0,
      cube[at % 6] ?? 0,
    ]),
    ...Array.from({ length: 24 }, (_, at) => [8 + 10 * at, 8 + 10 * at, 8 + 10 * at]),
  ];
  const level = fc.nat(255);
  fc.assert(
    fc.property(level, level, level, (...colour) => {
      const far = (of: readonly number[]) => of.reduce((sum, value, at) => sum + (value - (colour[at] ?? 0)) ** 2, 0);
      const chosen = palette[paletteIndex(...colour) - 16] ?? [];
      assert.equal(far(chosen), Math.min(...palette.map(far)));
    }),
  );
});
