import type { MessageRow } from "./shown.ts";
import type { ChatState } from "./state.ts";
import { activeConversation, type Step, step, withChat } from "./step.ts";
import type { Viewport } from "./viewport.ts";

/** Larger pictures are shown only when the user asks for it. */
const pictureBytesMax = 5 * 1024 * 1024;
/** Pictures are searched for in this many messages, from the bottom of the view upwards. */
const messagesMax = 50;

/** Asks for the previews of pictures that are on the screen, or soon will be. */
export function showPictures(state: ChatState, viewport: Viewport): Step<ChatState> {
  const { previews } = state.scene;
  const conversation = activeConversation(state);
  if (!conversation || !state.settings.previews) return step(state);
  const { group, messages, anchor } = conversation;
  const end = anchor ? messages.findIndex(({ key }) => key === anchor.key) + 1 : messages.length;
  const wanted = messages.slice(Math.max(0, end - messagesMax), end).filter(isPicture);
  const missing = wanted.filter(({ key }) => !previews.has(key));
  const shown = new Map(previews);
  for (const { key } of missing) shown.set(key, { kind: "loading" });
  const columns = viewport.pictureColumns(state);
  const effects = missing.map(({ key }) => ({ kind: "previewMessage", group, key, columns }) as const);
  return step(withChat(state, { previews: shown }), ...effects);
}

function isPicture({ content, seq }: MessageRow): boolean {
  if (content?.kind !== "file" || seq === undefined) return false;
  return /^image\/(?:png|jpeg|gif|webp)$/.test(content.mediaType) && content.size <= pictureBytesMax;
}
