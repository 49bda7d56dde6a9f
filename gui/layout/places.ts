import type { ChatState, Size, State } from "../model/state.ts";
import { activeConversation } from "../model/step.ts";
import { editorLines } from "./editor-lines.ts";

/** A rectangle of the screen, in cells from its upper left corner. */
export interface Place {
  readonly x: number;
  readonly y: number;
  readonly columns: number;
  readonly rows: number;
}

/** The places of the parts of a chat. */
export interface Places {
  /** Undefined where there is no room beside the conversation. */
  readonly groups: Place | undefined;
  readonly title: Place;
  readonly conversation: Place;
  readonly typing: Place;
  readonly input: Place;
  readonly status: Place;
}

/** A smaller terminal shows only that it is too small. */
export const sizeMin: Size = { columns: 20, rows: 6 };

export const isTooSmall = ({ size }: State): boolean => size.columns < sizeMin.columns || size.rows < sizeMin.rows;

/** The width of the prompt in the message box. */
export const promptColumns = 2;

const groupsBesideFrom = 60;
const inputRowsMax = 6;

export function placesOf(state: ChatState): Places {
  const { columns, rows } = state.size;
  const x = columns < groupsBesideFrom ? 0 : columns < 100 ? 24 : 28;
  const width = columns - x;
  const inputRows = rowsOfInput(state, width, rows);
  const isList = x === 0 && state.scene.focus === "groups";
  const list = { x: 0, y: 0, columns: isList ? columns : x, rows: rows - 1 };
  return {
    groups: x > 0 || isList ? list : undefined,
    title: { x, y: 0, columns: width, rows: 1 },
    conversation: { x, y: 1, columns: width, rows: rows - 3 - inputRows },
    typing: { x, y: rows - 2 - inputRows, columns: width, rows: 1 },
    input: { x, y: rows - 1 - inputRows, columns: width, rows: inputRows },
    status: { x: 0, y: rows - 1, columns, rows: 1 },
  };
}

/** The message box grows with its text, and leaves the conversation at least as much. */
function rowsOfInput(state: ChatState, columns: number, rows: number): number {
  const draft = activeConversation(state)?.draft;
  if (!draft) return 1;
  const most = Math.max(1, Math.min(inputRowsMax, (rows - 3) >> 1));
  return Math.min(most, editorLines(draft, columns - promptColumns).lines.length);
}
