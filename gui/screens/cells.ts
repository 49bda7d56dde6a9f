import type { Frame } from "../layout/frame.ts";
import type { Line } from "../layout/line.ts";
import type { Size } from "../model/state.ts";
import { graphemesOf } from "../text/width.ts";
import { renditionOf, type Theme } from "./theme.ts";

/** A cell of the screen. The second one of a wide character has no text. */
export interface Cell {
  readonly text: string;
  readonly rendition: string;
}

const blank: Cell = { text: " ", rendition: "" };

/** A frame as rows of cells: each as many as the screen has columns, with later areas over earlier ones. */
export function cellsOf(frame: Frame, { columns, rows }: Size, theme: Theme): Cell[][] {
  const screen = Array.from({ length: rows }, () => Array.from({ length: columns }, () => blank));
  for (const { place, lines } of frame.areas) {
    for (const [at, line] of lines.entries()) {
      const row = screen[place.y + at];
      if (row) paint(row, place.x, line, theme);
    }
  }
  return screen;
}

function paint(row: Cell[], from: number, line: Line, theme: Theme): void {
  let x = from;
  clearHalves(row, from);
  for (const part of line) {
    if (part.style === "picture") {
      for (const cell of pictureCells(part.text, theme)) if (x < row.length) row[x++] = cell;
      continue;
    }
    const rendition = renditionOf(theme, part);
    for (const { shown, columns } of graphemesOf(part.text)) {
      if (columns === 0) continue;
      if (x + columns > row.length) return;
      row[x] = { text: shown, rendition };
      if (columns === 2) row[x + 1] = { text: "", rendition };
      x += columns;
    }
  }
  // The line has covered the first half of a wide character: the second half goes, too.
  const behind = row[x];
  if (behind?.text === "") row[x] = { ...behind, text: " " };
}

/** Removes a wide character whose second half is about to be covered. */
function clearHalves(row: Cell[], from: number): void {
  const first = row[from - 1];
  if (row[from]?.text === "" && first) row[from - 1] = { ...first, text: " " };
}

/** A picture has colours of its own. In a theme without colours it is blank, since half-blocks alone show nothing. */
function* pictureCells(text: string, { hasColours }: Theme): Generator<Cell> {
  let rendition = "";
  for (const [, code, shown] of text.matchAll(pieces)) {
    if (shown !== undefined) yield { text: hasColours ? shown : " ", rendition };
    else if (code === "" || code === "0") rendition = "";
    else if (hasColours) rendition = rendition === "" ? (code ?? "") : kept(rendition, code ?? "");
  }
}

/** A new foreground replaces the old one, a new background likewise. */
function kept(before: string, code: string): string {
  const ground = /(?:^|;)(48;(?:2;\d+;\d+|5);\d+)/;
  const ink = /(?:^|;)(38;(?:2;\d+;\d+|5);\d+)/;
  const both = [ground, ink].map((of) => (of.exec(code) ?? of.exec(before))?.[1]);
  return both.filter((of) => of !== undefined).join(";");
}

const escape = "\u001b";
const pieces = new RegExp(`${escape}\\[([\\d;]*)m|([^${escape}])`, "gu");
