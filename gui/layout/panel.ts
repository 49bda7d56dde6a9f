import type { Size } from "../model/state.ts";
import { cut } from "../text/width.ts";
import { columnsOfLine, cutLine, filled, type Line, span } from "./line.ts";
import type { Place } from "./places.ts";

/** A row of a dialog. */
export interface PanelRow {
  readonly line: Line;
  /** The items of the row, by the column where each begins, and numbered as the model numbers them: a click chooses one. */
  readonly items?: readonly { readonly from: number; readonly item: number }[];
  /** The column of the terminal's cursor. */
  readonly cursor?: number;
}

/** The content of a dialog, without its frame. */
export interface Panel {
  readonly title: string;
  /** Hints about keys, in the frame's lower edge. */
  readonly hint: string;
  readonly columns: number;
  /** Head and foot are always shown; of a body that is too long, a part. */
  readonly head?: readonly PanelRow[];
  readonly body: readonly PanelRow[];
  readonly foot?: readonly PanelRow[];
  /** The row of the body that must be in view, or the one at the top of the view. */
  readonly at?: number | undefined;
  readonly top?: number | undefined;
  readonly isProblem?: boolean;
}

export interface Box {
  readonly place: Place;
  readonly lines: readonly Line[];
  readonly cursor: { readonly x: number; readonly y: number } | undefined;
  /** The item at a cell of the screen. */
  itemAt(x: number, y: number): number | undefined;
}

/** Columns and rows that a dialog may fill. */
export const roomOf = ({ columns, rows }: Size): Size => ({ columns: columns - 4, rows: rows - 2 });

/** A panel in its frame, in the middle of the screen. */
export function boxOf(panel: Panel, size: Size): Box {
  const room = roomOf(size);
  const inner = Math.max(1, Math.min(room.columns, panel.columns));
  const { head = [], body, foot = [] } = panel;
  const keptHead = head.slice(0, room.rows);
  const keptFoot = foot.slice(0, Math.max(0, room.rows - keptHead.length - Math.min(1, body.length)));
  const bodyRows = Math.max(0, Math.min(body.length, room.rows - keptHead.length - keptFoot.length));
  const top = topOf(panel, bodyRows);
  const rows = [...keptHead, ...body.slice(top, top + bodyRows), ...keptFoot];
  const place = {
    x: (size.columns - inner - 4) >> 1,
    y: (size.rows - rows.length - 2) >> 1,
    columns: inner + 4,
    rows: rows.length + 2,
  };
  const style = panel.isProblem ? "changed" : "border";
  const hasAbove = top > 0;
  const hasBelow = top + bodyRows < body.length;
  const side = (row: number) => {
    const at = row - keptHead.length;
    if (at === 0 && hasAbove) return span("↑", "key");
    return at === bodyRows - 1 && hasBelow ? span("↓", "key") : span("│", style);
  };
  const [cursor] = rows.flatMap(({ cursor: column }, row) =>
    column === undefined ? [] : [{ x: place.x + 2 + Math.min(column, inner - 1), y: place.y + 1 + row }],
  );
  return {
    place,
    lines: [
      edge("╭", panel.title, "╮", place.columns, panel.isProblem ? "changed" : "heading", style),
      ...rows.map(({ line }, row) => [span("│ ", style), ...filled(line, inner), span(" "), side(row)]),
      edge("╰", panel.hint, "╯", place.columns, "dim", style),
    ],
    cursor,
    itemAt(x, y) {
      const column = x - place.x - 2;
      if (column >= inner) return undefined;
      return rows[y - place.y - 1]?.items?.findLast(({ from }) => from <= column)?.item;
    },
  };
}

function topOf({ body, at, top }: Panel, rows: number): number {
  const last = Math.max(0, body.length - rows);
  if (top !== undefined) return Math.max(0, Math.min(top, last));
  return Math.max(0, Math.min((at ?? 0) - (rows >> 1), last));
}

function edge(
  left: string,
  text: string,
  right: string,
  columns: number,
  style: "heading" | "dim" | "changed",
  border: "border" | "changed",
): Line {
  const shown = cut(text, columns - 6);
  const begun: Line =
    shown === "" ? [span(left, border)] : [span(`${left}─ `, border), span(shown, style), span(" ", border)];
  const missing = columns - columnsOfLine(begun) - 1;
  return cutLine([...begun, span("─".repeat(Math.max(0, missing)), border), span(right, border)], columns);
}

/** Rows that cannot be chosen. */
export const rowsOf = (lines: readonly Line[]): PanelRow[] => lines.map((line) => ({ line }));

/** A row that can be chosen. */
export function itemRow(line: Line, item: number, isChosen: boolean, columns: number): PanelRow {
  return { line: filled(line, columns, isChosen ? "selected" : undefined), items: [{ from: 0, item }] };
}
