import { accepted, type Parsed } from "../platform/result.ts";
import {
  readUint8,
  readUint16,
  readUint32,
  readUint53,
  writeUint16,
  writeUint32,
  writeUint53,
  writeUint64,
} from "./bytes.ts";
import { type FrameFault, malformed, protocolVersion } from "./frame.ts";
import { readClientMessageId, readEpoch, readSeq, readUserId } from "./id-bytes.ts";
import {
  type ClientMessageId,
  type Epoch,
  epochMax,
  type GroupId,
  groupId,
  isGroupId,
  type Seq,
  seqBeforeFirst,
  seqPlus,
  type UserId,
} from "./ids.ts";
import { type MessageType, messageTypes } from "./send-frame.ts";

export const deliverKind = 0x82;
export const deliverHeaderBytes = 20;
/** Bytes of each message in front of its payload. */
export const deliveredHeaderBytes = 32;
export const deliverCountMax = 0xffff;

/** A message as a group's members receive it; its seq follows from its index in the frame. */
export interface DeliveredMessage {
  readonly sender: UserId;
  readonly clientMessageId: ClientMessageId;
  readonly type: MessageType;
  /** Milliseconds since the Unix epoch, by the clock of the server that took it in. */
  readonly sentAt: number;
  readonly epoch: Epoch;
  readonly payload: Uint8Array;
}

/** A run of one group's messages without a gap: `messages[i]` has the seq `firstSeq + i`. */
export interface DeliverFrame {
  readonly kind: "deliver";
  readonly group: GroupId;
  readonly firstSeq: Seq;
  readonly messages: readonly DeliveredMessage[];
}

export function deliveredBytes(payloadBytes: number): number {
  return deliveredHeaderBytes + payloadBytes;
}

/** Writes the frame's header; the messages follow from `deliverHeaderBytes` on, by {@link writeDelivered}. */
export function writeDeliverHeader(bytes: Uint8Array, group: GroupId, firstSeq: number, count: number): void {
  bytes[0] = protocolVersion;
  bytes[1] = deliverKind;
  writeUint16(bytes, 2, count);
  writeUint53(bytes, 4, group);
  writeUint53(bytes, 12, firstSeq);
}

/** Writes one message at `at`; returns where the next one goes. */
export function writeDelivered(bytes: Uint8Array, at: number, message: DeliveredMessage): number {
  writeUint53(bytes, at, message.sender);
  writeUint64(bytes, at + 8, message.clientMessageId);
  bytes[at + 16] = message.type;
  bytes[at + 17] = 0;
  writeUint16(bytes, at + 18, Math.floor(message.sentAt / 2 ** 32));
  writeUint32(bytes, at + 20, message.sentAt >>> 0);
  writeUint32(bytes, at + 24, message.epoch);
  writeUint32(bytes, at + 28, message.payload.length);
  bytes.set(message.payload, at + deliveredHeaderBytes);
  return at + deliveredHeaderBytes + message.payload.length;
}

export function encodeDeliver(frame: Omit<DeliverFrame, "kind">): Uint8Array {
  const length = frame.messages.reduce((sum, { payload }) => sum + deliveredBytes(payload.length), deliverHeaderBytes);
  const bytes = Buffer.allocUnsafe(length);
  writeDeliverHeader(bytes, frame.group, frame.firstSeq, frame.messages.length);
  let at = deliverHeaderBytes;
  for (const message of frame.messages) at = writeDelivered(bytes, at, message);
  return bytes;
}

/**
 * Walks a DELIVER frame without making an object of each message: `open` checks the whole frame once, then `next` steps
 * from message to message, and the getters read the current one.
 *
 * A receiver of hundreds of thousands of messages a second reads each field where it lies. The cursor is reused from frame
 * to frame; what it hands out as `payload` is a view into the frame.
 */
export class DeliverCursor {
  /** Of the frame that is open; before the first, some group. */
  group = groupId(1);
  firstSeq = seqBeforeFirst;
  count = 0;
  #bytes: Uint8Array = new Uint8Array(0);
  /** Where the current message begins; its index is `#index`. */
  #at = 0;
  #next = 0;
  #index = -1;

  /** Returns the frame's fault, if it has one; the cursor may not be read then. */
  begin(bytes: Uint8Array): FrameFault | undefined {
    this.count = 0;
    if (bytes.length < deliverHeaderBytes) return malformed("DELIVER ends within its header").reason;
    const count = readUint16(bytes, 2);
    const group = readUint53(bytes, 4);
    const firstSeq = readSeq(bytes, 12);
    if (count < 1 || !isGroupId(group) || !(firstSeq > 0) || !Number.isSafeInteger(firstSeq + count))
      return malformed("DELIVER with an empty or impossible range").reason;
    let at = deliverHeaderBytes;
    for (let i = 0; i < count; i++) {
      if (at + deliveredHeaderBytes > bytes.length)
        return malformed(`DELIVER ends within message ${i} of ${count}`).reason;
      const type = readUint8(bytes, at + 16);
      const epoch = readEpoch(bytes, at + 24);
      if (
        type > messageTypes.handshake ||
        bytes[at + 17] !== 0 ||
        epoch < 1 ||
        epoch > epochMax ||
        !(readUint53(bytes, at) > 0)
      ) {
        return malformed(`DELIVER: message ${i} has an impossible type, epoch or sender`).reason;
      }
      at += deliveredHeaderBytes + readUint32(bytes, at + 28);
    }
    if (at !== bytes.length)
      return malformed(`DELIVER holds ${count} messages in ${at} bytes and has ${bytes.length}`).reason;
    this.#bytes = bytes;
    this.group = group;
    this.firstSeq = firstSeq;
    this.count = count;
    this.#next = deliverHeaderBytes;
    this.#index = -1;
    return undefined;
  }

  /** Steps to the next message; false behind the last. */
  next(): boolean {
    if (++this.#index >= this.count) return false;
    this.#at = this.#next;
    this.#next = this.#at + deliveredHeaderBytes + readUint32(this.#bytes, this.#at + 28);
    return true;
  }

  get seq(): Seq {
    return seqPlus(this.firstSeq, this.#index);
  }
  get sender(): UserId {
    return readUserId(this.#bytes, this.#at);
  }
  get clientMessageId(): ClientMessageId {
    return readClientMessageId(this.#bytes, this.#at + 8);
  }
  /** The two halves of the client message id, where a bigint costs too much. */
  get clientMessageIdHigh(): number {
    return readUint32(this.#bytes, this.#at + 8);
  }
  get clientMessageIdLow(): number {
    return readUint32(this.#bytes, this.#at + 12);
  }
  get type(): MessageType {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- `open` has refused any other
    return readUint8(this.#bytes, this.#at + 16) as MessageType;
  }
  get sentAt(): number {
    return readUint16(this.#bytes, this.#at + 18) * 2 ** 32 + readUint32(this.#bytes, this.#at + 20);
  }
  get epoch(): Epoch {
    return readEpoch(this.#bytes, this.#at + 24);
  }
  get payload(): Uint8Array {
    return this.#bytes.subarray(this.#at + deliveredHeaderBytes, this.#next);
  }

  /** The current message as an object of its own; its payload is still a view. */
  message(): DeliveredMessage {
    const { sender, clientMessageId, type, sentAt, epoch, payload } = this;
    return { sender, clientMessageId, type, sentAt, epoch, payload };
  }
}

export function parseDeliver(bytes: Uint8Array): Parsed<DeliverFrame, FrameFault> {
  const cursor = new DeliverCursor();
  const fault = cursor.begin(bytes);
  if (fault) return { ok: false, reason: fault };
  const messages: DeliveredMessage[] = [];
  while (cursor.next()) messages.push(cursor.message());
  return accepted({ kind: "deliver", group: cursor.group, firstSeq: cursor.firstSeq, messages });
}
