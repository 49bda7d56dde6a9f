import type { ChatState } from "../model/state.ts";
import { activeConversation } from "../model/step.ts";
import type { Viewport } from "../model/viewport.ts";
import { scrolled, shownKeys } from "./conversation.ts";
import { messageShape, receiptColumns } from "./message-shape.ts";
import { placesOf } from "./places.ts";

/** Answers the model's questions about what fits, by the same layout that is drawn. */
export const viewport: Viewport = {
  scrolled: (state, conversation, lines) => scrolled(conversation, state, sizeOf(state), lines),
  pageLines: (state) => sizeOf(state).rows,
  pictureColumns(state) {
    const { columns, indent } = shapeOf(state);
    return Math.max(1, columns - indent - receiptColumns);
  },
  showsFirst(state, conversation) {
    return shownKeys(conversation, state, sizeOf(state)).topKey === conversation.messages[0]?.key;
  },
};

function shapeOf(state: ChatState) {
  return messageShape(sizeOf(state).columns, activeConversation(state)?.facts);
}

const sizeOf = (state: ChatState) => placesOf(state).conversation;
