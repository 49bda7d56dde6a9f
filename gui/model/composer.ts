import { textRefusal } from "../../core/client/index.ts";
import type { ActionOf } from "../keys/bindings.ts";
import { sentence } from "../text/sentence.ts";
import { runCommand, withGroup } from "./commands.ts";
import { offerFor } from "./completion.ts";
import { askBefore } from "./dialogs/confirm.ts";
import { type EditingAction, edited } from "./editing-keys.ts";
import { type Editor, editorOf, emptyEditor, inFirstLine, inLastLine, insert, move, replaceBefore } from "./editor.ts";
import { selectLast } from "./reading.ts";
import type { ChatState } from "./state.ts";
import { activeDraft, type Step, step, withActive, withChat, withConversation, withProblem } from "./step.ts";
import type { Viewport } from "./viewport.ts";

const sentLinesMax = 200;

/** A key while the message box has the focus; undefined when it means nothing there. */
export function pressedInInput(
  state: ChatState,
  { action, text }: { readonly action: ActionOf<"input"> | undefined; readonly text: string | undefined },
  viewport: Viewport,
): Step<ChatState> | undefined {
  const draft = activeDraft(state);
  switch (action) {
    case "send":
      return submitted(state, draft.text);
    case "newLine":
      return step(written(state, insert(draft, "\n")));
    case "complete":
      return step(completed(state, draft));
    case "editor":
      return step(state, { kind: "edit", text: draft.text });
    case "older":
      return step(inFirstLine(draft) ? recall(state, draft, -1) : written(state, move(draft, "up")));
    case "newer":
      return step(inLastLine(draft) ? recall(state, draft, 1) : written(state, move(draft, "down")));
    case "selectMessage":
      return selectLast(state, viewport);
    default: {
      const editing: EditingAction | undefined = action;
      const changed = edited(draft, editing);
      if (changed) return step(written(state, changed));
      return text === undefined ? undefined : typed(state, insert(draft, text));
    }
  }
}

/** A paste goes into the text; if it is the path of a file, the user is asked whether to send the file. */
export function pastedInInput(state: ChatState, pasted: string): Step<ChatState> {
  const text = pasted.replace(/\r\n?/g, "\n");
  const path = pathIn(text);
  const { active } = state.scene;
  if (path !== undefined && active !== undefined) {
    return step(
      askBefore(state, {
        title: "Send this file?",
        text: path,
        yes: "Send",
        no: "Paste it as text",
        effects: [{ kind: "sendFile", group: active, file: path, keepMetadata: false }],
        instead: text,
      }),
    );
  }
  return typed(state, insert(activeDraft(state), text));
}

/** The user's editor has ended. */
export function editorDone(state: ChatState, text: string | undefined): ChatState {
  if (text === undefined) return withProblem(state, "The editor failed; set $EDITOR to one that runs in a terminal.");
  return written(state, editorOf(text.replace(/\n$/, "")));
}

function typed(state: ChatState, draft: Editor): Step<ChatState> {
  const { active } = state.scene;
  const changed = written(state, draft);
  const isShared = active !== undefined && state.settings.typing && !draft.text.startsWith("/");
  return isShared ? step(changed, { kind: "typing", group: active }) : step(changed);
}

function written(state: ChatState, draft: Editor): ChatState {
  const { active } = state.scene;
  if (active === undefined) return withProblem(state, "No group is open: found one, or go to one.");
  return withConversation(withChat(state, { completion: undefined }), active, { draft });
}

function submitted(state: ChatState, text: string): Step<ChatState> {
  const line = text.trim();
  if (line === "") return step(state);
  if (line.startsWith("/") && !line.startsWith("//")) return runCommand(emptied(state, text), line);
  const refusal = textRefusal(text);
  if (refusal) return step(withProblem(state, sentence(refusal.detail)));
  return withGroup(state, (there, group) => {
    const sent = line.startsWith("//") ? text.trimStart().slice(1) : text;
    const atEnd = withConversation(emptied(there, text), group, { anchor: undefined });
    return step(atEnd, { kind: "send", group, text: sent.trimEnd() }, { kind: "saveDraft", group, text: "" });
  });
}

function emptied(state: ChatState, text: string): ChatState {
  const sentLines = [...state.scene.sentLines.filter((of) => of !== text), text].slice(-sentLinesMax);
  const changed = withChat(state, { sentLines, recalled: undefined, completion: undefined });
  return withActive(changed, { draft: emptyEditor });
}

function recall(state: ChatState, draft: Editor, by: 1 | -1): ChatState {
  const { recalled, sentLines } = state.scene;
  const at = (recalled?.at ?? sentLines.length) + by;
  const kept = recalled?.kept ?? draft;
  if (at < 0) return state;
  const line = sentLines[at];
  const isBack = line === undefined;
  const shown = isBack ? kept : editorOf(line);
  return withActive(withChat(state, { recalled: isBack ? undefined : { at, kept } }), { draft: shown });
}

/** Tab writes the first completion, and each further Tab the next. */
function completed(state: ChatState, draft: Editor): ChatState {
  const { completion } = state.scene;
  const known = completion && { ...completion, at: (completion.at + 1) % completion.options.length };
  const offer = known ?? offerFor(state, draft);
  const at = known ? known.at : 0;
  if (offer?.options[at] === undefined) return state;
  const next = withActive(state, { draft: replaceBefore(draft, offer.from, offer.options[at]) });
  return withChat(next, { completion: { from: offer.from, options: offer.options, at } });
}

/** The path in a paste that can only be a path, as file managers and terminals paste a file that is dropped on them. */
function pathIn(pasted: string): string | undefined {
  const line = pasted.trim();
  if (line.includes("\n") || line.length > 4096) return undefined;
  const unquoted = /^'(.*)'$/.exec(line)?.[1] ?? line.replace(/\\(.)/g, "$1");
  if (unquoted.startsWith("file://")) {
    try {
      return decodeURIComponent(new URL(unquoted).pathname);
    } catch {
      return undefined;
    }
  }
  return /^(~|\.{0,2})\/.*\.\w{1,5}$/.test(unquoted) ? unquoted : undefined;
}
