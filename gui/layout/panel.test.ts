import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { styled } from "../testing/styled.ts";
import { columnsOfLine, span, textOfLine } from "./line.ts";
import { boxOf, itemRow, type Panel, roomOf, rowsOf } from "./panel.ts";

const size = { columns: 30, rows: 10 };
const rows = (...texts: string[]) => rowsOf(texts.map((text) => [span(text)]));
const numbered = (count: number) => rows(...Array.from({ length: count }, (_, at) => `row ${at}`));
const panelWith = (of: Partial<Panel>): Panel => ({
  title: "Title",
  hint: "Esc",
  columns: 10,
  body: rows("one"),
  ...of,
});
const textsOf = (panel: Panel, of = size) => boxOf(panel, of).lines.map(textOfLine);
const inside = (panel: Panel) =>
  textsOf(panel)
    .slice(1, -1)
    .map((text) => text.slice(2, -2).trim());
const marks = (panel: Panel) =>
  textsOf(panel)
    .slice(1, -1)
    .map((text) => text.at(-1));

suite("a panel", () => {
  test("is framed, in the middle of the screen", () => {
    const { place, lines } = boxOf(panelWith({}), size);
    assert.deepEqual(place, { x: 8, y: 3, columns: 14, rows: 3 });
    assert.deepEqual(lines.map(textOfLine), ["╭─ Title ────╮", "│ one        │", "╰─ Esc ──────╯"]);
    assert.deepEqual(lines.map(styled), [
      ["border: ╭─", "heading: Title", "border: ────", "border: ╮"],
      ["border: │", "text: one", "border: │"],
      ["border: ╰─", "dim: Esc", "border: ──────", "border: ╯"],
    ]);
  });

  test("about a problem has a frame that warns", () => {
    assert.deepEqual(boxOf(panelWith({ isProblem: true }), size).lines.map(styled), [
      ["changed: ╭─", "changed: Title", "changed: ────", "changed: ╮"],
      ["changed: │", "text: one", "changed: │"],
      ["changed: ╰─", "dim: Esc", "changed: ──────", "changed: ╯"],
    ]);
  });

  test("is no wider and no higher than the screen, and its texts are cut", () => {
    const panel = panelWith({ title: "A title that is long", columns: 99, body: numbered(20) });
    const { place, lines } = boxOf(panel, { columns: 20, rows: 6 });
    assert.deepEqual(place, { x: 0, y: 0, columns: 20, rows: 6 });
    assert.equal(textOfLine(lines[0] ?? []), "╭─ A title that … ─╮");
    for (const line of lines) assert.equal(columnsOfLine(line), 20);
    assert.deepEqual(roomOf(size), { columns: 26, rows: 8 });
  });

  test("without a title has a plain edge", () => {
    assert.equal(textsOf(panelWith({ title: "" }))[0], "╭────────────╮");
  });

  test("that is too long keeps head and foot, and shows the part of its body around a row", () => {
    const long = (of: Partial<Panel>) =>
      panelWith({ head: rows("head"), foot: rows("foot"), body: numbered(20), ...of });
    assert.deepEqual(inside(long({})), ["head", "row 0", "row 1", "row 2", "row 3", "row 4", "row 5", "foot"]);
    assert.deepEqual(marks(long({})), ["│", "│", "│", "│", "│", "│", "↓", "│"]);
    assert.deepEqual(
      inside(long({ at: 10 })).slice(1, -1),
      [7, 8, 9, 10, 11, 12].map((at) => `row ${at}`),
    );
    assert.deepEqual(marks(long({ at: 10 })), ["│", "↑", "│", "│", "│", "│", "↓", "│"]);
    const edges = boxOf(long({ at: 10 }), size).lines.map((line) => styled(line).at(-1));
    assert.deepEqual([edges[2], edges[3], edges[7]], ["key: ↑", "border: │", "key: ↓"]);
    assert.deepEqual(
      inside(long({ at: 19 })).slice(1, -1),
      [14, 15, 16, 17, 18, 19].map((at) => `row ${at}`),
    );
    assert.deepEqual(marks(long({ at: 19 })), ["│", "↑", "│", "│", "│", "│", "│", "│"]);
  });

  test("can be scrolled by its top row, as far as its end", () => {
    assert.equal(inside(panelWith({ body: numbered(20), top: 5 }))[0], "row 5");
    assert.equal(inside(panelWith({ body: numbered(20), top: 99 }))[0], "row 12");
    assert.equal(inside(panelWith({ body: numbered(20), top: -1 }))[0], "row 0");
    assert.equal(inside(panelWith({ body: numbered(3), top: 2 }))[0], "row 0");
  });

  test("whose head and foot fill the screen keeps a row of its body, if it has one", () => {
    const full = { head: rows("h1", "h2", "h3"), foot: numbered(9) };
    assert.deepEqual(inside(panelWith({ ...full, body: rows("body") })), [
      "h1",
      "h2",
      "h3",
      "body",
      "row 0",
      "row 1",
      "row 2",
      "row 3",
    ]);
    assert.deepEqual(inside(panelWith({ ...full, body: [] })).slice(3), ["row 0", "row 1", "row 2", "row 3", "row 4"]);
    assert.equal(inside(panelWith({ head: numbered(12), body: rows("body") })).length, 8);
  });

  test("has the cursor of its first row with one, within its width", () => {
    const cursorOf = (cursor: number) =>
      boxOf(panelWith({ body: [...rows("one"), { line: [], cursor }] }), size).cursor;
    assert.deepEqual(cursorOf(4), { x: 14, y: 5 });
    assert.deepEqual(cursorOf(40), { x: 19, y: 5 });
    assert.equal(boxOf(panelWith({}), size).cursor, undefined);
  });
});

suite("the item at a cell", () => {
  const items = [
    { from: 0, item: 3 },
    { from: 5, item: 4 },
  ];
  const { place, itemAt } = boxOf(panelWith({ body: [...rows("none"), { line: [], items }] }), size);
  const at = (column: number, row: number) => itemAt(place.x + 2 + column, place.y + 1 + row);

  test("is the last of its row that begins before it", () => {
    assert.deepEqual([at(0, 1), at(4, 1), at(5, 1), at(9, 1)], [3, 3, 4, 4]);
  });

  test("is none on the frame, in a row without items, and below", () => {
    assert.deepEqual([at(-1, 1), at(10, 1), at(0, 0), at(0, 2), at(0, -1)], Array.from({ length: 5 }));
  });
});

test("a row that is chosen is on another ground, in all its columns", () => {
  assert.deepEqual(itemRow([span("a")], 2, true, 3), {
    line: [
      { text: "a", style: "text", ground: "selected" },
      { text: "  ", style: "text", ground: "selected" },
    ],
    items: [{ from: 0, item: 2 }],
  });
  assert.deepEqual(itemRow([span("a")], 0, false, 1), { line: [span("a")], items: [{ from: 0, item: 0 }] });
});
