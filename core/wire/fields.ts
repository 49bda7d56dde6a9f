import { z } from "zod";
import { epoch, epochMax, groupId, idMax, seq, userId } from "./ids.ts";
import { limits } from "./limits.ts";

/** The pieces that schemas of cold frames are made of: checked at the edge, branded behind it. */
const id = z.number().int().min(1).max(idMax);

export const userIdField = id.transform(userId);
export const groupIdField = id.transform(groupId);
export const epochField = z.number().int().min(1).max(epochMax).transform(epoch);
/** A place in a group; 0 stands before the first. */
export const seqField = z.number().int().min(0).max(idMax).transform(seq);
export const countField = z.number().int().min(0).max(epochMax);
/** Milliseconds since the Unix epoch. */
export const timeField = z.number().int().min(0).max(idMax);
/** Drawn by the client, repeated in the answer. */
export const requestField = z.number().int().min(0).max(0xffff_ffff);

/** A `Uint8Array`, whatever buffer it is a view of. */
export const anyBytesField = z.custom<Uint8Array>((value) => value instanceof Uint8Array, "bytes are needed");
export const bytesField = (lengthMax: number, lengthMin = 0) =>
  anyBytesField.refine(({ length }) => length >= lengthMin && length <= lengthMax, {
    message: lengthMin === 0 ? `at most ${lengthMax} bytes` : `${lengthMin} to ${lengthMax} bytes`,
  });
export const exactBytesField = (length: number) =>
  anyBytesField.refine((bytes) => bytes.length === length, { message: `${length} bytes are needed` });
export const hashField = exactBytesField(32);

export const wrappedKeyField = bytesField(limits.wrappedKeyBytesMax, 1);
export const backupField = bytesField(limits.backupBytesMax, limits.backupBytesMin);

/** A name as somebody typed it; what it may hold is checked by `canonicalUserName`, with an error of its own. */
export const typedNameField = z.string().max(4 * limits.userNameLengthMax);
