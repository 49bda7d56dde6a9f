import type { View } from "../model/reading.ts";
import type { ChatState } from "../model/step.ts";
import { scrolled, shownKeys } from "./conversation.ts";
import { placesOf } from "./places.ts";

/** What the model asks about lines, answered by what is drawn. */
export const view: View = {
  scrolled: (state, conversation, lines) => scrolled(conversation, state, sizeOf(state), lines),
  pageLines: (state) => sizeOf(state).rows,
  showsFirst(state, conversation) {
    return shownKeys(conversation, state, sizeOf(state)).topKey === conversation.messages[0]?.key;
  },
};

const sizeOf = (state: ChatState) => placesOf(state).conversation;
