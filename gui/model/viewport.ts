import type { Anchor, ChatState, Conversation } from "./state.ts";

/** What the layout tells the model about what fits: how many lines messages take. */
export interface Viewport {
  /** Where the conversation's bottom is after so many lines (up is positive); undefined at the newest message's end. */
  scrolled(state: ChatState, conversation: Conversation, lines: number): Anchor | undefined;
  /** Lines of the conversation that are in viewport. */
  pageLines(state: ChatState): number;
  /** Whether the window's first message is in viewport. */
  showsFirst(state: ChatState, conversation: Conversation): boolean;
  /** How wide a picture in the conversation may be. */
  pictureColumns(state: ChatState): number;
}
