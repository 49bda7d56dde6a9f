import type { GroupId } from "../../../core/wire/ids.ts";
import type { FilesDialog } from "../dialog.ts";
import { emptyEditor, insert } from "../editor.ts";
import type { Effect } from "../effect.ts";
import type { Event } from "../event.ts";
import type { FileEntry } from "../shown.ts";
import type { ChatState } from "../state.ts";
import { clamp, closeDialog, mapDialogs, openDialog, replaceDialog, type Step, step, withToast } from "../step.ts";
import { type Behaviour, movedTo, type Press, typedInto } from "./behaviour.ts";

/** The size of the preview in the explorer. */
const previewColumns = 36;
const previewRows = 12;

const isPicture = (name: string) => /\.(jpe?g|png|gif|webp)$/i.test(name);

/** Chooses a file to send to a group. */
export function showFiles(state: ChatState, group: GroupId, directory = "."): Step<ChatState> {
  return step(
    openDialog(state, {
      kind: "files",
      group,
      asked: directory,
      directory,
      entries: undefined,
      filter: emptyEditor,
      at: 0,
      keepMetadata: false,
      problem: undefined,
      preview: undefined,
    }),
    { kind: "listDirectory", directory },
  );
}

/** The entry of the parent directory, then the entries that match what was typed. */
export function shownEntries({ entries, filter }: FilesDialog): readonly FileEntry[] {
  const up: FileEntry = { name: "..", kind: "directory", bytes: 0 };
  const words = filter.text.toLowerCase();
  const isPath = /^[/~]/.test(filter.text);
  return [up, ...(entries ?? []).filter(({ name }) => isPath || name.toLowerCase().includes(words))];
}

export const files: Behaviour<FilesDialog> = {
  pressed,
  clicked(state, dialog, row) {
    const there = { ...dialog, at: clamp(row, shownEntries(dialog).length) };
    return there.at === dialog.at ? enter(state, dialog) : chosen(state, there);
  },
  /** A paste is added to the filter, which may be a path. */
  pasted: (state, dialog, text) => chosen(state, { ...dialog, filter: insert(dialog.filter, text) }),
};

function pressed(state: ChatState, dialog: FilesDialog, press: Press): Step<ChatState> {
  const { action, name } = press;
  const { at, filter } = dialog;
  switch (action) {
    case "itemUp":
    case "itemDown":
    case "pageUp":
    case "pageDown":
      return chosen(state, { ...dialog, at: movedTo(at, action, shownEntries(dialog).length) });
    case "keepMetadata":
      return step(replaceDialog(state, { ...dialog, keepMetadata: !dialog.keepMetadata }));
    case "choose":
      return enter(state, dialog);
    default: {
      if (name === "backspace" && filter.text === "") return list(state, dialog, `${dialog.directory}/..`);
      const changed = typedInto(filter, press);
      return changed ? chosen(state, { ...dialog, filter: changed, at: firstFitting(changed.text) }) : step(state);
    }
  }
}

export function listed(state: ChatState, event: Extract<Event, { kind: "directory" }>): ChatState {
  const { asked, directory, entries, problem } = event;
  return mapDialogs(state, "files", (dialog) => {
    if (asked !== dialog.asked) return dialog;
    if (problem !== undefined) return { ...dialog, problem };
    // The user types on before the directory has been read.
    return { ...dialog, directory, entries, at: firstFitting(dialog.filter.text), problem, preview: undefined };
  });
}

export function previewed(state: ChatState, { file, lines, why }: Extract<Event, { kind: "filePreview" }>): ChatState {
  return mapDialogs(state, "files", (dialog) =>
    file === chosenFile(dialog) ? { ...dialog, preview: { file, lines, why } } : dialog,
  );
}

/** The entry of the parent directory is not selected first. */
const firstFitting = (filter: string) => (filter === "" ? 0 : 1);

function chosen(state: ChatState, dialog: FilesDialog): Step<ChatState> {
  const entry = shownEntries(dialog)[dialog.at];
  const isNew = dialog.preview?.file !== chosenFile(dialog);
  const shown = replaceDialog(state, isNew ? { ...dialog, preview: undefined } : dialog);
  if (!isNew || entry?.kind !== "file" || !isPicture(entry.name)) return step(shown);
  return step(shown, { kind: "previewFile", file: pathOf(dialog, entry), columns: previewColumns, rows: previewRows });
}

function enter(state: ChatState, dialog: FilesDialog): Step<ChatState> {
  const typed = dialog.filter.text.trim();
  const entry = shownEntries(dialog)[dialog.at];
  if (/^[/~]/.test(typed)) {
    return typed.endsWith("/") || typed === "~" ? list(state, dialog, typed) : send(state, dialog, typed);
  }
  if (!entry) return step(state);
  const path = pathOf(dialog, entry);
  return entry.kind === "directory" ? list(state, dialog, path) : send(state, dialog, path);
}

function list(state: ChatState, dialog: FilesDialog, directory: string): Step<ChatState> {
  const asking = { ...dialog, asked: directory, filter: emptyEditor, at: 0 };
  return step(replaceDialog(state, asking), { kind: "listDirectory", directory });
}

function send(state: ChatState, { group, keepMetadata }: FilesDialog, file: string): Step<ChatState> {
  const effect: Effect = { kind: "sendFile", group, file, keepMetadata };
  return step(withToast(closeDialog(state), `sending ${file}…`), effect);
}

const pathOf = ({ directory }: FilesDialog, { name }: FileEntry): string => `${directory.replace(/\/$/, "")}/${name}`;

function chosenFile(dialog: FilesDialog): string | undefined {
  const entry = shownEntries(dialog)[dialog.at];
  return entry && pathOf(dialog, entry);
}
