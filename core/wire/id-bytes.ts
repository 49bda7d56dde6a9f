import { readUint32, readUint53, readUint64 } from "./bytes.ts";
import { type ClientMessageId, clientMessageId, type Epoch, epoch, type Seq, seq, type UserId, userId } from "./ids.ts";

/**
 * Branded numbers where they lie in a frame. The parser checks once for the whole frame that they are in their range; a seq
 * beyond 2^53 − 1 is read as `NaN`.
 */
export const readUserId = (bytes: Uint8Array, at: number): UserId => userId(readUint53(bytes, at));
export const readSeq = (bytes: Uint8Array, at: number): Seq => seq(readUint53(bytes, at));
export const readEpoch = (bytes: Uint8Array, at: number): Epoch => epoch(readUint32(bytes, at));
export const readClientMessageId = (bytes: Uint8Array, at: number): ClientMessageId =>
  clientMessageId(readUint64(bytes, at));
