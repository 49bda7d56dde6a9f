import { accepted, type Parsed } from "../platform/result.ts";
import { readUint16, readUint53, writeUint16, writeUint53, writeUint64 } from "./bytes.ts";
import { type FrameFault, malformed, protocolVersion } from "./frame.ts";
import { readClientMessageId, readSeq } from "./id-bytes.ts";
import type { ClientMessageId, Seq } from "./ids.ts";

export const ackKind = 0x81;
const ackHeaderBytes = 4;
const ackEntryBytes = 24;

/** One message is committed: its seq, and when the server took it in. */
export interface Acknowledgement {
  readonly clientMessageId: ClientMessageId;
  readonly seq: Seq;
  /** Milliseconds since the Unix epoch, by the server's clock. */
  readonly sentAt: number;
}

export interface AckFrame {
  readonly kind: "ack";
  readonly acknowledgements: readonly Acknowledgement[];
}

/** The most acknowledgements in one frame: so many always fit. */
export const ackEntriesMax = 1024;

export function encodeAck(acknowledgements: readonly Acknowledgement[]): Uint8Array {
  const bytes = Buffer.allocUnsafe(ackHeaderBytes + ackEntryBytes * acknowledgements.length);
  bytes[0] = protocolVersion;
  bytes[1] = ackKind;
  writeUint16(bytes, 2, acknowledgements.length);
  let at = ackHeaderBytes;
  for (const { clientMessageId, seq, sentAt } of acknowledgements) {
    writeUint64(bytes, at, clientMessageId);
    writeUint53(bytes, at + 8, seq);
    writeUint53(bytes, at + 16, sentAt);
    at += ackEntryBytes;
  }
  return bytes;
}

export function parseAck(bytes: Uint8Array): Parsed<AckFrame, FrameFault> {
  if (bytes.length < ackHeaderBytes) return malformed("ACK ends within its header");
  const count = readUint16(bytes, 2);
  if (count < 1 || count > ackEntriesMax || bytes.length !== ackHeaderBytes + count * ackEntryBytes)
    return malformed(`ACK announces ${count} entries in ${bytes.length} bytes`);
  const acknowledgements: Acknowledgement[] = [];
  for (let at = ackHeaderBytes; at < bytes.length; at += ackEntryBytes) {
    const seq = readSeq(bytes, at + 8);
    const sentAt = readUint53(bytes, at + 16);
    if (!(seq > 0) || Number.isNaN(sentAt)) return malformed("ACK with a seq or time beyond 2^53 - 1");
    acknowledgements.push({ clientMessageId: readClientMessageId(bytes, at), seq, sentAt });
  }
  return accepted({ kind: "ack", acknowledgements });
}
