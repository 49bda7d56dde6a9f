import assert from "node:assert/strict";
import { after, test } from "node:test";
import { PNG } from "pngjs";
import { systemClock } from "../../core/platform/clock.ts";
import type { Graphics } from "./detect.ts";
import { Drawings } from "./drawings.ts";
import { Previews } from "./preview-tasks.ts";

const previews = new Previews("256", systemClock);
after(() => previews.close());

const image = new PNG({ width: 40, height: 20 });
image.data.fill(200);
const bytes = PNG.sync.write(image);
const cell = { width: 8, height: 16 };

async function drawnBy(graphics: Graphics) {
  const drawings = new Drawings(previews, async () => graphics);
  const preview = await drawings.draw(bytes, 10, 10);
  assert.ok(preview.kind === "lines");
  const { graphic, columns, lines } = preview;
  const place = { id: graphic ?? 0, x: 3, y: 4, columns, rows: lines.length };
  return { graphic, shown: drawings.show(place), hidden: drawings.hide(place.id) };
}

test("a terminal without graphics gets half-blocks alone", async () => {
  const { graphic, shown } = await drawnBy({ kind: "halfBlocks", colours: "256", cell });
  assert.deepEqual([graphic, shown], [undefined, undefined]);
});

test("Kitty's protocol gets the pixels for the cells of the half-blocks, and can take them away", async () => {
  const { graphic, shown, hidden } = await drawnBy({ kind: "kitty", colours: "true", cell: undefined });
  assert.equal(graphic, 1);
  assert.ok(shown?.startsWith("\u001b7\u001b[5;4H\u001b_G"));
  assert.ok(shown?.includes("i=1,p=1,c=10,r=3,"));
  assert.match(hidden ?? "", /a=d/);
});

test("Sixel is used where a cell's size is known, and takes nothing away by itself", async () => {
  const { shown, hidden } = await drawnBy({ kind: "sixel", colours: "256", cell });
  assert.ok(shown?.includes("\u001bP0;1;q"));
  assert.equal(hidden, undefined);
  assert.equal((await drawnBy({ kind: "sixel", colours: "256", cell: undefined })).graphic, undefined);
});
