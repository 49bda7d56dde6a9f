import { harmlessLine } from "../../core/client/index.ts";
import type { Chat, Conversation, State } from "../model/state.ts";
import { writersText } from "./group-list.ts";
import { firstKey } from "./key-label.ts";
import { cutLine, type Line, span, spread } from "./line.ts";
import { nameOf } from "./people.ts";

/**
 * The line between conversation and message box: completions, who is typing, or an upload; and whether newer messages are
 * below.
 */
export function typingLine(state: State, chat: Chat, conversation: Conversation | undefined, columns: number): Line {
  if (!conversation) return spread([], [], columns);
  const { anchor, newest } = conversation;
  const end = firstKey(state.bindings.scrollEnd);
  const more = anchor !== undefined || !newest ? [span(`↓ more below (${end}) `, "unread")] : [];
  return spread(cutLine(leftOf(chat, conversation, columns), columns), more, columns);
}

function leftOf(chat: Chat, conversation: Conversation, columns: number): Line {
  const { completion, transfers } = chat;
  if (completion && completion.options.length > 1) return offered(completion, columns);
  const { facts, typing, group } = conversation;
  const names = [...typing.keys()].filter((user) => user !== chat.self.user).map((user) => nameOf(chat, facts, user));
  const writers = writersText(names);
  if (writers) return [span(` ${writers}`, "dim")];
  const upload = [...transfers.values()].find((of) => of.way === "up" && of.group === group);
  if (!upload) return [];
  const name = harmlessLine(upload.name);
  if (upload.stopped !== undefined) return [span(` ↑ ${name} stopped: ${harmlessLine(upload.stopped)}`, "problem")];
  const percent = upload.of > 0 ? Math.floor((upload.done / upload.of) * 100) : 0;
  return [span(` ↑ ${name} ${percent} %`, "dim")];
}

/** The completions, beginning with the one that is in the text. */
function offered({ options, at }: NonNullable<Chat["completion"]>, columns: number): Line {
  const fitting = options.slice(at, at + columns);
  return fitting.flatMap((option, ahead) => [
    span(" "),
    span(harmlessLine(option).trim(), ahead === 0 ? "key" : "dim"),
  ]);
}
