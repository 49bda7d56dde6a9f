import { readUint53, writeUint32, writeUint53, writeUint64 } from "../../wire/bytes.ts";
import type { DeliveredMessage } from "../../wire/deliver-frame.ts";
import { readClientMessageId, readUserId } from "../../wire/id-bytes.ts";
import {
  type ClientMessageId,
  type Epoch,
  type GroupId,
  type Seq,
  seqBeforeFirst,
  type UserId,
} from "../../wire/ids.ts";
import type { MessageType } from "../../wire/send-frame.ts";
import { copyEnd, copySignature } from "../copy-binary.ts";

/** A message to be stored, as the server took it in. */
export interface IncomingMessage {
  readonly group: GroupId;
  readonly sender: UserId;
  readonly clientMessageId: ClientMessageId;
  readonly epoch: Epoch;
  readonly type: MessageType;
  /** Milliseconds since the Unix epoch. */
  readonly sentAt: number;
  readonly payload: Uint8Array;
  /** The client says that it has sent it before. */
  readonly resend: boolean;
  /** Which of its connection's messages it is: given back with the outcome. */
  readonly turn: number;
}

/** Why a row was not stored, when it is the row's own fault. */
export type RowFault =
  | { readonly code: "stale_epoch" | "rekey_needed"; readonly epoch: Epoch }
  | { readonly code: "not_a_member" }
  | { readonly code: "internal" };

/**
 * Rows of `messages`, written straight into the form that `COPY … WITH (FORMAT binary)` takes; only each row's `seq` is
 * filled in at commit, when its group's row is locked.
 *
 * A batch is reused: it keeps its buffer from one commit to the next.
 */
export class RowBatch<Ticket> {
  count = 0;
  /** What the caller wants back with each row's outcome. */
  readonly tickets: Ticket[] = [];
  readonly turns: number[] = [];
  readonly groups: GroupId[] = [];
  readonly epochs: Epoch[] = [];
  /** Rows that may be in the table already. */
  readonly suspects: number[] = [];
  /** Outcome of each row: its place in the group, or 0 and a fault. */
  readonly seqs: Seq[] = [];
  readonly faults: (RowFault | undefined)[] = [];
  /** Outcome of each row: the commit was this batch's, so its members are still to be told. */
  readonly fresh: boolean[] = [];
  readonly #starts: number[] = [];
  readonly #rowsMax: number;
  readonly #bytesMax: number;
  #buffer: Buffer;
  #end = copySignature.length;

  constructor(rowsMax: number, bytesMax: number) {
    this.#rowsMax = rowsMax;
    this.#bytesMax = bytesMax;
    this.#buffer = Buffer.allocUnsafe(64 * 1024);
    this.#buffer.set(copySignature);
  }

  get bytes(): number {
    return this.#end;
  }

  /** False, and nothing added, when the batch is full. */
  add(message: IncomingMessage, ticket: Ticket): boolean {
    const at = this.#end;
    const end = at + rowBytes(message.payload.length);
    if (this.count >= this.#rowsMax || end + copyEnd.length > this.#bytesMax) return false;
    if (end + copyEnd.length > this.#buffer.length) this.#grow(end + copyEnd.length);
    const buffer = this.#buffer;
    buffer.set(rowTemplate, at);
    writeUint53(buffer, at + place.group, message.group);
    writeUint53(buffer, at + place.sender, message.sender);
    writeUint64(buffer, at + place.clientMessageId, message.clientMessageId);
    writeUint32(buffer, at + place.epoch, message.epoch);
    buffer[at + place.type + 1] = message.type;
    writeUint53(buffer, at + place.sentAt, message.sentAt);
    writeUint32(buffer, at + place.payload - 4, message.payload.length);
    buffer.set(message.payload, at + place.payload);
    this.#end = end;

    const row = this.count++;
    this.#starts[row] = at;
    this.tickets[row] = ticket;
    this.turns[row] = message.turn;
    this.groups[row] = message.group;
    this.epochs[row] = message.epoch;
    this.seqs[row] = seqBeforeFirst;
    this.faults[row] = undefined;
    this.fresh[row] = false;
    if (message.resend) this.suspects.push(row);
    return true;
  }

  clear(): void {
    this.count = 0;
    this.#end = copySignature.length;
    this.tickets.length = 0;
    this.suspects.length = 0;
    // A burst is over: give its memory back.
    if (this.#buffer.length > keptBytesMax) {
      this.#buffer = Buffer.allocUnsafe(keptBytesMax / 4);
      this.#buffer.set(copySignature);
    }
  }

  sender(row: number): UserId {
    return readUserId(this.#buffer, this.#start(row) + place.sender);
  }

  clientMessageId(row: number): ClientMessageId {
    return readClientMessageId(this.#buffer, this.#start(row) + place.clientMessageId);
  }

  type(row: number): MessageType {
    return this.#buffer[this.#start(row) + place.type + 1] as MessageType;
  }

  sentAt(row: number): number {
    return readUint53(this.#buffer, this.#start(row) + place.sentAt);
  }

  setSentAt(row: number, sentAt: number): void {
    writeUint53(this.#buffer, this.#start(row) + place.sentAt, sentAt);
  }

  payloadBytes(row: number): number {
    return this.#rowEnd(row) - this.#start(row) - place.payload;
  }

  /** As the group's members get it; the payload is a view that holds until the batch is cleared. */
  delivered(row: number): DeliveredMessage {
    return {
      sender: this.sender(row),
      clientMessageId: this.clientMessageId(row),
      type: this.type(row),
      sentAt: this.sentAt(row),
      epoch: this.epochs[row] as Epoch,
      payload: this.#buffer.subarray(this.#start(row) + place.payload, this.#rowEnd(row)),
    };
  }

  /** Everything that `COPY` wants, when each row is to be stored; `seqs` go into the rows first. */
  copyInput(): Buffer {
    for (let row = 0; row < this.count; row++) {
      writeUint53(this.#buffer, this.#start(row) + place.seq, this.seqs[row] as number);
    }
    this.#buffer.set(copyEnd, this.#end);
    return this.#buffer.subarray(0, this.#end + copyEnd.length);
  }

  /** The same for some of the rows. */
  copyInputOf(rows: readonly number[]): Buffer {
    const pieces: Uint8Array[] = [copySignature];
    for (const row of rows) {
      writeUint53(this.#buffer, this.#start(row) + place.seq, this.seqs[row] as number);
      pieces.push(this.#buffer.subarray(this.#start(row), this.#rowEnd(row)));
    }
    pieces.push(copyEnd);
    return Buffer.concat(pieces);
  }

  /** A column as a PostgreSQL array in binary form, for `unnest`. */
  column(name: ColumnName, rows?: readonly number[]): Buffer {
    const { oid, at, bytes } = columns[name];
    const count = rows?.length ?? this.count;
    let length = arrayHeaderBytes;
    for (let i = 0; i < count; i++) length += 4 + (bytes ?? this.payloadBytes(rows ? (rows[i] as number) : i));
    const array = Buffer.allocUnsafe(length);
    writeArrayHeader(array, oid, count);
    let to = arrayHeaderBytes;
    for (let i = 0; i < count; i++) {
      const row = rows ? (rows[i] as number) : i;
      // The field's length stands in front of it, in COPY's form as in an array's.
      const from = this.#start(row) + at - 4;
      const fieldBytes = 4 + (bytes ?? this.payloadBytes(row));
      array.set(this.#buffer.subarray(from, from + fieldBytes), to);
      to += fieldBytes;
    }
    return array;
  }

  #start(row: number): number {
    return this.#starts[row] as number;
  }

  #rowEnd(row: number): number {
    return row + 1 < this.count ? (this.#starts[row + 1] as number) : this.#end;
  }

  #grow(needed: number): void {
    const larger = Buffer.allocUnsafe(Math.min(this.#bytesMax, Math.max(needed, this.#buffer.length * 2)));
    larger.set(this.#buffer.subarray(0, this.#end));
    this.#buffer = larger;
  }
}

/** Bytes that a row takes in a batch. */
export function rowBytes(payloadBytes: number): number {
  return place.payload + payloadBytes;
}

const keptBytesMax = 1024 * 1024;

/** Where each field's value begins in a row: each has its length in 4 bytes before it. */
const place = {
  group: 6,
  seq: 18,
  sender: 30,
  clientMessageId: 42,
  epoch: 54,
  type: 62,
  sentAt: 68,
  payload: 80,
} as const;

/** The 8 fields' count and lengths, which are the same in every row but for the payload's. */
const rowTemplate = Buffer.alloc(place.payload);
rowTemplate.writeInt16BE(8, 0);
for (const [field, bytes] of [
  ["group", 8],
  ["seq", 8],
  ["sender", 8],
  ["clientMessageId", 8],
  ["epoch", 4],
  ["type", 2],
  ["sentAt", 8],
] as const) {
  rowTemplate.writeInt32BE(bytes, place[field] - 4);
}

const columns = {
  group: { oid: 20, at: place.group, bytes: 8 },
  sender: { oid: 20, at: place.sender, bytes: 8 },
  clientMessageId: { oid: 20, at: place.clientMessageId, bytes: 8 },
  epoch: { oid: 23, at: place.epoch, bytes: 4 },
  type: { oid: 21, at: place.type, bytes: 2 },
  sentAt: { oid: 20, at: place.sentAt, bytes: 8 },
  payload: { oid: 17, at: place.payload, bytes: undefined },
} as const;
type ColumnName = keyof typeof columns;

const arrayHeaderBytes = 20;

/** One dimension, no nulls, lower bound 1 (PostgreSQL's `array_recv`). */
function writeArrayHeader(array: Buffer, elementOid: number, count: number): void {
  array.writeInt32BE(1, 0);
  array.writeInt32BE(0, 4);
  array.writeInt32BE(elementOid, 8);
  array.writeInt32BE(count, 12);
  array.writeInt32BE(1, 16);
}

/** Whole numbers as a PostgreSQL `bigint[]` in binary form. */
export function bigintArray(numbers: readonly number[]): Buffer {
  const array = Buffer.allocUnsafe(arrayHeaderBytes + 12 * numbers.length);
  writeArrayHeader(array, 20, numbers.length);
  let at = arrayHeaderBytes;
  for (const number of numbers) {
    writeUint32(array, at, 8);
    writeUint53(array, at + 4, number);
    at += 12;
  }
  return array;
}
