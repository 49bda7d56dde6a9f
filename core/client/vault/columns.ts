import { type Content, parseContent, wordsOf } from "../../e2ee/content.ts";
import { readUint64, writeUint64 } from "../../wire/bytes.ts";
import { type ClientMessageId, clientMessageId } from "../../wire/ids.ts";
import { searchForm } from "./search-form.ts";

/** A client message id as the vault's columns have it: SQLite has no unsigned 64-bit numbers. */
export function idBytes(id: ClientMessageId): Uint8Array {
  const bytes = new Uint8Array(8);
  writeUint64(bytes, 0, id);
  return bytes;
}

export const idFrom = (bytes: Uint8Array) => clientMessageId(readUint64(bytes, 0));

export function contentFrom(bytes: Uint8Array): Content {
  const content = parseContent(bytes);
  if (!content.ok) throw new Error(`a message in the vault cannot be read: ${content.reason}`);
  return content.value;
}

/** The words of a content in the form in which they are searched. */
export const wordsIn = (content: Content): string => searchForm(wordsOf(content));
