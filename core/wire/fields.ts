import { z } from "zod";
import { epoch, epochMax, groupId, idMax, seq, userId } from "./ids.ts";
import { limits } from "./limits.ts";

/** The types of fields that have a name of their own in PROTOCOL.md and frames.cddl; for all others the schema says enough. */
export const writtenTypes = z.registry<WrittenType>();

/** The name of a type in the document's tables, or the least and the most bytes of a byte string. */
export type WrittenType = { readonly name: keyof typeof namedTypes } | { readonly bytes: readonly [number, number] };

/** The whole numbers that have a name in the document, with their bounds. */
export const namedTypes = {
  id: [1, idMax],
  seq: [0, idMax],
  time: [0, idMax],
  ms: [0, idMax],
  epoch: [1, epochMax],
  count: [0, epochMax],
  request: [0, 0xffff_ffff],
} as const satisfies Readonly<Record<string, readonly [number, number]>>;

function named(name: keyof typeof namedTypes) {
  const [from, to] = namedTypes[name];
  return z.number().int().min(from).max(to).register(writtenTypes, { name });
}

/** The fields that schemas of cold frames are made of: each checks what comes from outside, and gives it its brand. */
const id = named("id");

export const userIdField = id.transform(userId);
export const groupIdField = id.transform(groupId);
export const epochField = named("epoch").transform(epoch);
/** A seq in a group; 0 stands before the first. */
export const seqField = named("seq").transform(seq);
export const countField = named("count");
/** Milliseconds since the Unix epoch. */
export const timeField = named("time");
/** Milliseconds from now. */
export const msField = named("ms");
/** Drawn by the client, repeated in the reply. */
export const requestField = named("request");

/** A `Uint8Array`, whatever buffer it is a view of. */
export const anyBytesField = z.custom<Uint8Array>((value) => value instanceof Uint8Array, "bytes are needed");
export const bytesField = (lengthMax: number, lengthMin = 0) =>
  anyBytesField
    .refine(({ length }) => length >= lengthMin && length <= lengthMax, {
      message: lengthMin === 0 ? `at most ${lengthMax} bytes` : `${lengthMin} to ${lengthMax} bytes`,
    })
    .register(writtenTypes, { bytes: [lengthMin, lengthMax] });
export const exactBytesField = (length: number) =>
  anyBytesField
    .refine((bytes) => bytes.length === length, { message: `${length} bytes are needed` })
    .register(writtenTypes, { bytes: [length, length] });
export const hashField = exactBytesField(32);

export const wrappedKeyField = bytesField(limits.wrappedKeyBytesMax, 1);
export const backupField = bytesField(limits.backupBytesMax, limits.backupBytesMin);

/** A name as somebody typed it; `canonicalUserName` checks what it may hold, with an error of its own. */
export const typedNameField = z.string().max(4 * limits.userNameLengthMax);
