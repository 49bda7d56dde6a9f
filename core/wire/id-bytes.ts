import { readUint32, readUint53, readUint64 } from "./bytes.ts";
import { type ClientMessageId, type Epoch, epoch, type Seq, seq, type UserId } from "./ids.ts";

/**
 * Branded numbers where they lie in a frame. The parser checks once for the whole frame that they are in their range; an id
 * or a seq beyond 2^53 − 1 is read as `NaN`.
 */
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the parser has checked it; another check would be paid per message
export const readUserId = (bytes: Uint8Array, at: number) => readUint53(bytes, at) as UserId;
export const readSeq = (bytes: Uint8Array, at: number): Seq => seq(readUint53(bytes, at));
export const readEpoch = (bytes: Uint8Array, at: number): Epoch => epoch(readUint32(bytes, at));
export const readClientMessageId = (bytes: Uint8Array, at: number): ClientMessageId =>
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- every 64-bit number is one; `clientMessageId` is slower
  readUint64(bytes, at) as ClientMessageId;
