import type { ChatState, Size, State } from "../model/state.ts";
import { activeConversation } from "../model/step.ts";
import { conversationLines } from "./conversation.ts";
import { groupListLines } from "./group-list.ts";
import { filled, type Line, span } from "./line.ts";
import { wrapSpans } from "./marked-text.ts";
import { messageBox } from "./message-box.ts";
import { boxOf } from "./panel.ts";
import { panelOf } from "./panels/panel-of.ts";
import { isTooSmall, type Place, placesOf, sizeMin } from "./places.ts";
import { signInPanel } from "./sign-in-panel.ts";
import { statusLine } from "./status-line.ts";
import { titleLine } from "./title-line.ts";
import { typingLine } from "./typing-line.ts";

/** A part of the screen: as many lines as its place has rows, none wider than it. */
export interface Area {
  readonly name: "groups" | "title" | "conversation" | "typing" | "input" | "status" | "dialog" | "signIn" | "tooSmall";
  readonly place: Place;
  readonly lines: readonly Line[];
}

/** All that is shown of a state; later areas lie over earlier ones. */
export interface Frame {
  readonly areas: readonly Area[];
  /** The terminal's cursor, where the user can write. */
  readonly cursor: { readonly x: number; readonly y: number } | undefined;
}

export function frameOf(state: State): Frame {
  if (isTooSmall(state)) return tooSmall(state.size);
  const { scene, size } = state;
  return scene.kind === "chat"
    ? chatFrame({ ...state, scene })
    : boxFrame(size, boxOf(signInPanel(state, scene), size));
}

function boxFrame(size: Size, box: ReturnType<typeof boxOf>): Frame {
  const place = { x: 0, y: 0, ...size };
  return {
    areas: [area("signIn", place, []), { name: "signIn", place: box.place, lines: box.lines }],
    cursor: box.cursor,
  };
}

function chatFrame(state: ChatState): Frame {
  const { scene } = state;
  const places = placesOf(state);
  const conversation = activeConversation(state);
  const { groups, title, typing, input, status } = places;
  const isBeside = groups === undefined || groups.columns < state.size.columns;
  const box = messageBox(state, scene, conversation, input);
  const list = groups ? [area("groups", groups, groupListLines(state, scene, groups))] : [];
  const main = isBeside
    ? [
        area("title", title, [titleLine(scene, conversation, title.columns)]),
        conversationArea(state, places.conversation),
        area("typing", typing, [typingLine(state, scene, conversation, typing.columns)]),
        area("input", input, box.lines),
      ]
    : [];
  const boxes = scene.dialogs.map((dialog) => boxOf(panelOf(state, dialog), state.size));
  const top = boxes.at(-1);
  const dialogs = boxes.map(({ place, lines }): Area => ({ name: "dialog", place, lines }));
  const own = isBeside && scene.focus === "input" && box.cursor;
  const inBox = own ? { x: input.x + own.column, y: input.y + own.row } : undefined;
  return {
    areas: [...list, ...main, area("status", status, [statusLine(state, status.columns)]), ...dialogs],
    cursor: top ? top.cursor : inBox,
  };
}

function conversationArea(state: ChatState, place: Place): Area {
  const conversation = activeConversation(state);
  if (!conversation) return area("conversation", place, []);
  const lines = conversationLines(conversation, state, place).map(({ line }) => line);
  // A short conversation is at the bottom of its area, above the message box, unless the user has scrolled.
  const top = conversation.anchor ? 0 : place.rows - lines.length;
  return area("conversation", place, lines, top);
}

/** Lines that fill a place from its row `top` downwards: every row, in all its columns. */
function area(name: Area["name"], place: Place, lines: readonly Line[], top = 0): Area {
  const rows = Array.from({ length: place.rows }, (_, at) => filled(lines[at - top] ?? [], place.columns));
  return { name, place, lines: rows };
}

function tooSmall(size: Size): Frame {
  const text = `too small: ${sizeMin.columns}×${sizeMin.rows} are needed`;
  const lines = wrapSpans([span(text, "problem")], size.columns);
  return { areas: [area("tooSmall", { x: 0, y: 0, ...size }, lines)], cursor: undefined };
}
