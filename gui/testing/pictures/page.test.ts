import assert from "node:assert/strict";
import { test } from "node:test";
import { colours, pageOf } from "./page.ts";

const cellsIn = (html: string) =>
  [...html.matchAll(/<i style="([^"]*)">([^<]*)<\/i>/g)].map(([, style = "", text = ""]) => ({ style, text }));

test("a cell has the colours and the weight that its escape sequence says", async () => {
  const { html } = await pageOf("\u001b[1;38;5;215;48;5;236mx\u001b[0m\u001b[38;2;1;2;3my\n", 2, 1, colours.dark);
  const [x, y] = cellsIn(html);
  assert.equal(x?.text, "x");
  assert.equal(x?.style, "width:8.5px;color:rgb(255,175,95);background:rgb(48,48,48);font-weight:bold");
  assert.equal(y?.style, "width:8.5px;color:#010203");
});

test("what stands behind a wide character stands in its column", async () => {
  const { html } = await pageOf("漢😀x\n", 6, 1, colours.dark);
  const cells = cellsIn(html);
  assert.deepEqual(
    cells.map(({ text }) => text),
    ["漢", "😀", "x", " "],
  );
  assert.deepEqual(
    cells.map(({ style }) => style),
    ["width:17px", "width:17px", "width:8.5px", "width:8.5px"],
  );
});

test("braces and tags in text are shown as they are", async () => {
  const { html } = await pageOf("<b>&amp;\n", 8, 1, colours.light);
  assert.equal(
    cellsIn(html)
      .map(({ text }) => text)
      .join(""),
    "&lt;b>&amp;amp;",
  );
});

test("a page is as large as its cells and a margin", async () => {
  const { width, height } = await pageOf("", 80, 24, colours.dark);
  assert.deepEqual({ width, height }, { width: 704, height: 432 });
});
