import { harmlessLine } from "../../../core/client/index.ts";
import type { FilesDialog } from "../../model/dialog.ts";
import { shownEntries } from "../../model/dialogs/files.ts";
import type { FileEntry } from "../../model/shown.ts";
import type { Size, State } from "../../model/state.ts";
import { columnsOf, cut } from "../../text/width.ts";
import { bytesText } from "../bytes-text.ts";
import { field } from "../field.ts";
import { firstKey } from "../key-label.ts";
import { cutLine, filled, type Line, span, spread } from "../line.ts";
import { wrapSpans } from "../marked-text.ts";
import { type Panel, type PanelRow, rowsOf } from "../panel.ts";
import { pictureLines } from "../picture.ts";

const previewColumns = 36;
const listColumnsMin = 30;

/** A directory, the filter that was typed, and a preview of the selected picture. */
export function filesPanel({ bindings }: State, dialog: FilesDialog, room: Size): Panel {
  const columns = Math.min(room.columns, 86);
  const hasPreview = columns >= listColumnsMin + 2 + previewColumns;
  const listColumns = hasPreview ? columns - previewColumns - 2 : columns;
  const entries = dialog.entries === undefined ? [] : shownEntries(dialog);
  const filter = field("Find or path", dialog.filter, columns);
  const head: PanelRow[] = [
    { line: [span(tail(harmlessLine(dialog.directory), columns), "heading")] },
    { line: filter.line, cursor: filter.cursor },
  ];
  const foot = rowsOf([
    ...(dialog.problem ? wrapSpans([span(harmlessLine(dialog.problem), "problem")], columns) : []),
    [
      span(dialog.keepMetadata ? "☑ " : "☐ ", "key"),
      span(
        `keep what tells where a picture was taken (${firstKey(bindings.keepMetadata)})`,
        dialog.keepMetadata ? "changed" : "dim",
      ),
    ],
  ]);
  const most = Math.max(1, room.rows - head.length - foot.length);
  const beside = previewOf(dialog);
  const count = Math.min(most, Math.max(entries.length, 12));
  const top = Math.max(0, Math.min(dialog.at - (count >> 1), entries.length - count));
  const body = Array.from({ length: count }, (_, at): PanelRow => {
    const item = top + at;
    const entry = entries[item];
    // A directory that was read has at least the entry of the one above it.
    const waiting: Line = at === 0 ? [span("reading…", "dim")] : [];
    const shown = entry ? entryLine(entry, listColumns) : waiting;
    const left = filled(shown, listColumns, entry && item === dialog.at ? "selected" : undefined);
    return {
      line: hasPreview ? [...left, span("  "), ...cutLine(beside[at] ?? [], previewColumns)] : left,
      ...(entry && { items: [{ from: 0, item }] }),
    };
  });
  return { title: "Send a file", hint: "Enter sends or opens · ↑↓ · Esc closes", columns, head, body, foot };
}

function entryLine({ name, kind, bytes }: FileEntry, columns: number): Line {
  const shown = harmlessLine(name);
  if (kind === "directory") return [span(cut(`${shown}/`, columns - 2), "link")];
  const size = bytesText(bytes);
  return spread([span(cut(shown, columns - size.length - 2), "text")], [span(size, "dim")], columns);
}

function previewOf({ preview }: FilesDialog): Line[] {
  if (!preview) return [];
  const lines = pictureLines(preview.lines, previewColumns);
  return lines.length > 0 ? lines : wrapSpans([span(harmlessLine(preview.why), "dim")], previewColumns);
}

/** The end of a path, which says more than its beginning. */
function tail(path: string, columns: number): string {
  let shown = path;
  while (columnsOf(shown) > columns - 1) shown = shown.slice(Math.max(1, columnsOf(shown) - columns));
  return shown === path ? path : `…${shown}`;
}
