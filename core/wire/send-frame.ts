import { accepted, type Parsed } from "../platform/result.ts";
import { readUint8, readUint32, readUint53, writeUint32, writeUint53, writeUint64 } from "./bytes.ts";
import { type FrameFault, malformed, protocolVersion } from "./frame.ts";
import { readClientMessageId, readEpoch } from "./id-bytes.ts";
import { type ClientMessageId, type Epoch, epochMax, type GroupId, isGroupId } from "./ids.ts";

export const sendKind = 0x01;
export const sendHeaderBytes = 28;

/** All that servers know of what is in a message. */
export const messageTypes = { application: 0, membership: 1, handshake: 2 } as const;
export type MessageType = (typeof messageTypes)[keyof typeof messageTypes];

/** A sealed message on its way to the server. */
export interface SendFrame {
  readonly kind: "send";
  /** Set when the same message has been sent before: the server then looks for it first. */
  readonly resend: boolean;
  /** Set when the sender gives up the earlier messages that this connection was refused: the server waits for them no more. */
  readonly skipsRefused: boolean;
  readonly type: MessageType;
  readonly epoch: Epoch;
  readonly group: GroupId;
  readonly clientMessageId: ClientMessageId;
  readonly payload: Uint8Array;
}

const flags = { resend: 1, skipsRefused: 2 } as const;
const knownFlags = flags.resend | flags.skipsRefused;

export function encodeSend(frame: Omit<SendFrame, "kind">): Uint8Array {
  const bytes = Buffer.allocUnsafe(sendHeaderBytes + frame.payload.length);
  bytes[0] = protocolVersion;
  bytes[1] = sendKind;
  setSendFlags(bytes, frame);
  bytes[3] = frame.type;
  writeUint32(bytes, 4, frame.epoch);
  writeUint53(bytes, 8, frame.group);
  writeUint64(bytes, 16, frame.clientMessageId);
  writeUint32(bytes, 24, frame.payload.length);
  bytes.set(frame.payload, sendHeaderBytes);
  return bytes;
}

/** Sets the flags of a SEND in place: an outbox keeps frames encoded. */
export function setSendFlags(
  encoded: Uint8Array,
  { resend, skipsRefused }: Pick<SendFrame, "resend" | "skipsRefused">,
): void {
  encoded[2] = (resend ? flags.resend : 0) | (skipsRefused ? flags.skipsRefused : 0);
}

/** `payload` is a view into `bytes`; the server refuses one that is too large with an error of its own. */
export function parseSend(bytes: Uint8Array): Parsed<SendFrame, FrameFault> {
  if (bytes.length < sendHeaderBytes)
    return malformed(`SEND has a header of ${sendHeaderBytes} bytes, this one ends after ${bytes.length}`);
  const flagged = readUint8(bytes, 2);
  if (flagged > knownFlags) return malformed(`SEND flags ${flagged}: only ${knownFlags} are known`);
  const type = readUint8(bytes, 3);
  if (type !== messageTypes.application && type !== messageTypes.handshake)
    return malformed(`SEND of message type ${type}`);
  const epoch = readEpoch(bytes, 4);
  if (epoch < 1 || epoch > epochMax) return malformed(`SEND at epoch ${epoch}`);
  const group = readUint53(bytes, 8);
  if (!isGroupId(group)) return malformed("SEND to a group id that is not from 1 to 2^53 - 1");
  const payloadBytes = readUint32(bytes, 24);
  if (payloadBytes !== bytes.length - sendHeaderBytes)
    return malformed(`SEND announces ${payloadBytes} bytes of payload and carries ${bytes.length - sendHeaderBytes}`);
  return accepted({
    kind: "send",
    resend: (flagged & flags.resend) !== 0,
    skipsRefused: (flagged & flags.skipsRefused) !== 0,
    type,
    epoch,
    group,
    clientMessageId: readClientMessageId(bytes, 16),
    payload: bytes.subarray(sendHeaderBytes),
  });
}
