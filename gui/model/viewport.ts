import type { Anchor, ChatState, Conversation } from "./state.ts";

/** What the model asks the layout: how many lines messages take, and what fits on the screen. */
export interface Viewport {
  /**
   * The line at the bottom of the view after scrolling `lines` up (down if negative); undefined at the newest message's
   * end.
   */
  scrolled(state: ChatState, conversation: Conversation, lines: number): Anchor | undefined;
  /** How many lines of the conversation are in view. */
  pageLines(state: ChatState): number;
  /** Whether the window's first message is in view. */
  showsFirst(state: ChatState, conversation: Conversation): boolean;
  /** How many columns a picture in the conversation may take. */
  pictureColumns(state: ChatState): number;
}
