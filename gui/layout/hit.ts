import type { Region } from "../model/event.ts";
import type { ChatState, State } from "../model/state.ts";
import { activeConversation, topDialog } from "../model/step.ts";
import { conversationLines } from "./conversation.ts";
import { groupAt } from "./group-list.ts";
import { boxOf } from "./panel.ts";
import { panelOf } from "./panels/panel-of.ts";
import { isTooSmall, type Place, placesOf } from "./places.ts";
import { signInPanel } from "./sign-in-panel.ts";

/** What is at a cell of the screen. */
export interface Hit {
  readonly on: Region;
  /**
   * In the conversation the message's key, in the list the group's index, in dialogs and the sign-in form the number of the
   * item or field; −1 where there is none.
   */
  readonly row: number;
  readonly column: number;
}

/** What is under the mouse; undefined where a click does nothing. */
export function hit(state: State, x: number, y: number): Hit | undefined {
  if (isTooSmall(state)) return undefined;
  const { scene, size } = state;
  if (scene.kind === "chat") return hitChat({ ...state, scene }, x, y);
  const item = boxOf(signInPanel(state, scene), size).itemAt(x, y);
  return item === undefined ? undefined : { on: "signIn", row: item, column: x };
}

function hitChat(state: ChatState, x: number, y: number): Hit | undefined {
  const dialog = topDialog(state);
  if (dialog) {
    const box = boxOf(panelOf(state, dialog), state.size);
    if (isIn(box.place, x, y)) return { on: "dialog", row: box.itemAt(x, y) ?? -1, column: x - box.place.x };
  }
  const { groups, conversation, input, status } = placesOf(state);
  const at = (on: Region, place: Place, row: number): Hit => ({ on, row, column: x - place.x });
  if (groups && isIn(groups, x, y)) return at("groups", groups, groupAt(state.scene, groups, y) ?? -1);
  if (isIn(conversation, x, y)) return at("conversation", conversation, keyAt(state, conversation, y - conversation.y));
  if (isIn(input, x, y)) return at("input", input, y - input.y);
  return isIn(status, x, y) ? at("status", status, 0) : undefined;
}

function keyAt(state: ChatState, { columns, rows }: Place, row: number): number {
  const conversation = activeConversation(state);
  if (!conversation) return -1;
  const lines = conversationLines(conversation, state, { columns, rows });
  const top = conversation.anchor ? 0 : rows - lines.length;
  return lines[row - top]?.key ?? -1;
}

const isIn = (place: Place, x: number, y: number): boolean =>
  x >= place.x && x < place.x + place.columns && y >= place.y && y < place.y + place.rows;
