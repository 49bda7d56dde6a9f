import type { Chat, Conversation, State } from "../model/state.ts";
import { cut } from "../text/width.ts";
import { editorLines } from "./editor-lines.ts";
import { firstKey } from "./key-label.ts";
import { filled, type Line, span } from "./line.ts";
import { type Place, promptColumns } from "./places.ts";

export interface MessageBox {
  readonly lines: readonly Line[];
  /** Undefined where nothing can be written. */
  readonly cursor: { readonly row: number; readonly column: number } | undefined;
}

/** The draft: of a long one, the lines around the cursor. */
export function messageBox(
  state: State,
  chat: Chat,
  conversation: Conversation | undefined,
  { columns, rows }: Place,
): MessageBox {
  const hint = instead(state, chat, conversation);
  if (!conversation || hint !== undefined) {
    return { lines: [filled([span(cut(` ${hint ?? ""}`, columns), "dim")], columns)], cursor: undefined };
  }
  const { lines, cursor } = editorLines(conversation.draft, columns - promptColumns);
  const top = Math.max(0, Math.min(cursor.row - rows + 1, lines.length - rows));
  const shown = lines.slice(top, top + rows).map((text, at) => {
    const prompt = span(top + at === 0 ? "› " : "  ", chat.focus === "input" ? "own" : "border");
    return filled([prompt, ...draftSpans(text, top + at === 0)], columns);
  });
  if (conversation.draft.text === "" && chat.focus === "input") {
    return {
      lines: [
        filled(
          [
            span("› ", "own"),
            span(cut(`write a message; ${firstKey(state.bindings.help)} for help`, columns - 3), "dim"),
          ],
          columns,
        ),
      ],
      cursor: { row: 0, column: promptColumns },
    };
  }
  return { lines: shown, cursor: { row: cursor.row - top, column: cursor.column + promptColumns } };
}

/** A command stands out from a text. */
function draftSpans(text: string, isFirst: boolean): Line {
  const command = isFirst ? /^\/[a-z]+/.exec(text)?.[0] : undefined;
  return command ? [span(command, "key"), span(text.slice(command.length))] : [span(text)];
}

/** What the box says where nothing can be written. */
function instead({ bindings }: State, chat: Chat, conversation: Conversation | undefined): string | undefined {
  if (!conversation) return `${firstKey(bindings.newGroup)} founds a group, ${firstKey(bindings.help)} helps`;
  const row = chat.groups.find(({ group }) => group === conversation.group);
  return row?.left ? "You are no member of this group any more; it can be read." : undefined;
}
