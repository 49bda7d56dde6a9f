import { encode } from "cborg";
import { z } from "zod";
import type { Parsed } from "../platform/result.ts";
import { attachmentIdBytes } from "../wire/attachment.ts";
import { parseCbor } from "../wire/cbor.ts";
import { anyBytesField, hashField } from "../wire/fields.ts";
import { idMax } from "../wire/ids.ts";
import { fileKeyBytes } from "./attachment.ts";

const bytesOf = (length: number) =>
  anyBytesField.refine((bytes) => bytes.length === length, { message: `${length} bytes are needed` });

/** A file that was uploaded in sealed chunks: its id at the server, and what is needed to open and check it. */
const fileContent = z.strictObject({
  kind: z.literal("file"),
  /** As its sender calls it: never a path, never trusted as one. */
  name: z.string().max(255),
  /** As its sender says (RFC 2046). */
  mediaType: z.string().max(127),
  size: z.number().int().min(0).max(idMax),
  attachment: bytesOf(attachmentIdBytes),
  key: bytesOf(fileKeyBytes),
  /** SHA-256 of the file. */
  hash: hashField,
  text: z.string().exactOptional(),
});

/** What is inside a sealed message. Kinds may be added; a client shows that a message has a kind that it does not know. */
const contentSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("text"), text: z.string() }),
  fileContent,
]);

export type Content = z.output<typeof contentSchema>;
export type FileContent = z.output<typeof fileContent>;

export function encodeContent(content: Content): Uint8Array {
  return encode(content);
}

export function parseContent(bytes: Uint8Array): Parsed<Content> {
  return parseCbor(bytes, contentSchema);
}

/** The words by which a content can be searched for. */
export function wordsOf(content: Content): string {
  switch (content.kind) {
    case "text":
      return content.text;
    case "file":
      return content.text === undefined ? content.name : `${content.name} ${content.text}`;
    default:
      return content satisfies never;
  }
}
