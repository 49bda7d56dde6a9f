import type { RowKey } from "../../../core/client/index.ts";
import type { GroupId } from "../../../core/wire/ids.ts";
import { openGroup } from "../conversations.ts";
import type { SearchDialog } from "../dialog.ts";
import { editorOf } from "../editor.ts";
import type { ChatState } from "../state.ts";
import {
  andThen,
  closeDialog,
  openDialog,
  replaceDialog,
  type Step,
  step,
  withChat,
  withConversation,
} from "../step.ts";
import { type Behaviour, clickedItem, movedTo, type Press, typedInto } from "./behaviour.ts";

export function showSearch(state: ChatState, group: GroupId | undefined, words = ""): Step<ChatState> {
  const opened = openDialog(state, { kind: "search", group, words: editorOf(words), hits: [], at: 0 });
  return words === "" ? step(opened) : step(opened, { kind: "search", group, words });
}

export const search: Behaviour<SearchDialog> = {
  pressed,
  clicked: (state, dialog, row, viewport) => clickedItem(pressed, { state, dialog, row, viewport }, dialog.hits.length),
};

function pressed(state: ChatState, dialog: SearchDialog, press: Press): Step<ChatState> {
  const { group, hits, at, words } = dialog;
  const { action } = press;
  if (action === "choose") {
    const hit = hits[at];
    return hit ? goToMessage(closeDialog(state), hit.group, hit.message.key) : step(state);
  }
  const to = movedTo(at, action, hits.length);
  if (to !== at) return step(replaceDialog(state, { ...dialog, at: to }));
  const changed = typedInto(words, press);
  if (!changed) return step(state);
  const shown = replaceDialog(state, { ...dialog, words: changed });
  return changed.text === words.text ? step(shown) : step(shown, { kind: "search", group, words: changed.text });
}

/** Goes to a message, wherever it is. */
function goToMessage(state: ChatState, group: GroupId, key: RowKey): Step<ChatState> {
  return andThen(openGroup(state, group), (opened) => {
    const anchored = withConversation(opened, group, { anchor: { key, linesBelow: 0 }, selected: key });
    return step(withChat(anchored, { focus: "messages" }), { kind: "load", group, where: "around", from: key });
  });
}
