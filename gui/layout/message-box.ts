import type { Chat, Conversation, State } from "../model/state.ts";
import { cut } from "../text/width.ts";
import { editorLines } from "./editor-lines.ts";
import { hasLeft } from "./group-list.ts";
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
  const { bindings } = state;
  if (!conversation) {
    return instead(`${firstKey(bindings.newGroup)} founds a group, ${firstKey(bindings.help)} helps`, columns);
  }
  if (hasLeft(chat, conversation.group)) {
    return instead("You are no member of this group any more; it can be read.", columns);
  }
  const { lines, cursor } = editorLines(conversation.draft, columns - promptColumns);
  const top = Math.max(0, cursor.row - rows + 1);
  const shown = lines.slice(top, top + rows).map((text, at) => {
    const prompt = span(top + at === 0 ? "› " : "  ", chat.focus === "input" ? "own" : "border");
    return filled([prompt, ...draftSpans(text, top + at === 0)], columns);
  });
  if (conversation.draft.text === "" && chat.focus === "input") {
    return {
      lines: [
        filled(
          [span("› ", "own"), span(cut(`write a message; ${firstKey(bindings.help)} for help`, columns - 3), "dim")],
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
const instead = (text: string, columns: number): MessageBox => ({
  lines: [filled([span(cut(` ${text}`, columns), "dim")], columns)],
  cursor: undefined,
});
