import { harmless, harmlessLine } from "../../../core/client/index.ts";
import type { ConfirmDialog } from "../../model/dialog.ts";
import type { Size, State } from "../../model/state.ts";
import { button } from "../field.ts";
import { columnsOfLine, span } from "../line.ts";
import { wrapSpans } from "../marked-text.ts";
import { type Panel, rowsOf } from "../panel.ts";

/** A question, and its two answers. */
export function confirmPanel(_: State, { title, text, yes, no, at }: ConfirmDialog, room: Size): Panel {
  const columns = Math.min(room.columns, 60);
  const first = button(harmlessLine(yes), at === "yes");
  const second = button(harmlessLine(no), at === "no");
  const from = columnsOfLine(first) + 2;
  const isOneRow = from + columnsOfLine(second) <= columns;
  const answers = isOneRow
    ? [
        {
          line: [...first, span("  "), ...second],
          items: [
            { from: 0, item: 0 },
            { from, item: 1 },
          ],
        },
      ]
    : [
        { line: first, items: [{ from: 0, item: 0 }] },
        { line: second, items: [{ from: 0, item: 1 }] },
      ];
  return {
    title: harmlessLine(title),
    hint: "Tab · Enter · Esc",
    columns,
    body: rowsOf(wrapSpans([span(harmless(text))], columns)),
    foot: [{ line: [] }, ...answers],
  };
}
