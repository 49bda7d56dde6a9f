import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Picture } from "../../core/media/pixels.ts";
import { fitted, scaled, turned } from "./scaling.ts";

/** Pixels of one number each, which is its red. */
function reds(width: number, ...of: number[]): Picture {
  return { width, height: of.length / width, pixels: Uint8Array.from(of.flatMap((red) => [red, 0, 0, 255])) };
}

const redsOf = ({ pixels }: Picture) => [...pixels].filter((_, at) => at % 4 === 0);

test("a picture fits in its room, keeps its shape, and is never made larger", () => {
  assert.deepEqual(fitted({ width: 4000, height: 3000 }, { width: 80, height: 48 }), { width: 64, height: 48 });
  assert.deepEqual(fitted({ width: 20, height: 10 }, { width: 80, height: 48 }), { width: 20, height: 10 });
  assert.deepEqual(fitted({ width: 10_000, height: 1 }, { width: 80, height: 48 }), { width: 80, height: 1 });
  const side = fc.integer({ min: 1, max: 5000 });
  fc.assert(
    fc.property(side, side, side, side, (width, height, roomWidth, roomHeight) => {
      const size = fitted({ width, height }, { width: roomWidth, height: roomHeight });
      assert.ok(size.width >= 1 && size.width <= Math.min(width, roomWidth));
      assert.ok(size.height >= 1 && size.height <= Math.min(height, roomHeight));
    }),
  );
});

test("each pixel of a smaller picture is the mean of what it covers", () => {
  assert.deepEqual(redsOf(scaled(reds(4, 0, 100, 40, 60, 100, 200, 60, 40), { width: 2, height: 1 })), [100, 50]);
  // Three to two: the one in the middle counts half for each.
  assert.deepEqual(redsOf(scaled(reds(3, 30, 90, 210), { width: 2, height: 1 })), [50, 170]);
});

test("a picture of one colour keeps it at any size", () => {
  const side = fc.integer({ min: 1, max: 40 });
  fc.assert(
    fc.property(side, side, side, side, fc.nat(255), (width, height, roomWidth, roomHeight, red) => {
      const picture = reds(width, ...Array.from({ length: width * height }, () => red));
      const small = scaled(picture, fitted(picture, { width: roomWidth, height: roomHeight }));
      assert.ok(small.pixels.every((value, at) => value === [red, 0, 0, 255][at % 4]));
    }),
  );
});

test("transparent pixels do not colour those beside them", () => {
  const pixels = Uint8Array.from([200, 10, 20, 255, 0, 255, 255, 0]);
  assert.deepEqual([...scaled({ width: 2, height: 1, pixels }, { width: 1, height: 1 }).pixels], [200, 10, 20, 128]);
});

test("a picture is turned upright from each way in which a camera can be held", () => {
  // Upright, it is 1 2 3 above 4 5 6; stored, what lies at the top left differs.
  const stored: Readonly<Record<number, Picture>> = {
    1: reds(3, 1, 2, 3, 4, 5, 6),
    2: reds(3, 3, 2, 1, 6, 5, 4),
    3: reds(3, 6, 5, 4, 3, 2, 1),
    4: reds(3, 4, 5, 6, 1, 2, 3),
    5: reds(2, 1, 4, 2, 5, 3, 6),
    6: reds(2, 3, 6, 2, 5, 1, 4),
    7: reds(2, 6, 3, 5, 2, 4, 1),
    8: reds(2, 4, 1, 5, 2, 6, 3),
  };
  for (const [orientation, picture] of Object.entries(stored)) {
    const upright = turned(picture, Number(orientation));
    assert.deepEqual([upright.width, upright.height], [3, 2], orientation);
    assert.deepEqual(redsOf(upright), [1, 2, 3, 4, 5, 6], orientation);
  }
});
