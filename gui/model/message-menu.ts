import type { GroupId } from "../../core/wire/ids.ts";
import type { Effect } from "./effect.ts";
import type { MessageRow } from "./shown.ts";

export interface MenuItem {
  readonly name: "retry" | "discard" | "save" | "open" | "preview" | "trust" | "close";
  readonly text: string;
}

/** What can be done with a message. */
export function menuOf(message: MessageRow): readonly MenuItem[] {
  const { state, content } = message;
  const items: MenuItem[] = [];
  if (state === "failed") {
    items.push({ name: "retry", text: "Send again" }, { name: "discard", text: "Discard" });
  }
  if (content?.kind === "file") {
    items.push({ name: "save", text: "Save the file" }, { name: "open", text: "Open with the system's viewer" });
    if (content.mediaType.startsWith("image/")) items.push({ name: "preview", text: "Show it here" });
  }
  items.push({ name: "trust", text: "Safety number of its sender" }, { name: "close", text: "Nothing" });
  return items;
}

/** What a message's file, or a failed message, asks for; undefined if it has no such thing. */
export function effectOn(
  group: GroupId,
  message: MessageRow,
  what: MenuItem["name"],
  columns: number,
): Effect | undefined {
  const { key } = message;
  if (!menuOf(message).some(({ name }) => name === what)) return undefined;
  switch (what) {
    case "retry":
    case "discard":
      return { kind: what, group, key };
    case "save":
      return { kind: "saveFile", group, key, to: undefined, replace: false };
    case "open":
      return { kind: "openFile", group, key };
    case "preview":
      return { kind: "previewMessage", group, key, columns };
    case "trust":
      return { kind: "readSafetyNumber", user: message.sender };
    default:
      return undefined;
  }
}
