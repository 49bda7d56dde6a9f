import { readUint32, readUint53, readUint64 } from "./bytes.ts";
import { type ClientMessageId, type Epoch, epoch, type GroupId, type Seq, seq, type UserId } from "./ids.ts";

/**
 * Branded numbers where they lie in a frame. Whether they are in their range is the parser's to check, once for the frame;
 * an id beyond 2^53 − 1 is `NaN`.
 */
export const readUserId = (bytes: Uint8Array, at: number) => readUint53(bytes, at) as UserId;
export const readGroupId = (bytes: Uint8Array, at: number) => readUint53(bytes, at) as GroupId;
export const readSeq = (bytes: Uint8Array, at: number): Seq => seq(readUint53(bytes, at));
export const readEpoch = (bytes: Uint8Array, at: number): Epoch => epoch(readUint32(bytes, at));
export const readClientMessageId = (bytes: Uint8Array, at: number): ClientMessageId =>
  readUint64(bytes, at) as ClientMessageId;
