import { itemAt } from "../../platform/item-at.ts";
import { readUint53, writeUint32, writeUint53, writeUint64 } from "../../wire/bytes.ts";
import { readClientMessageId, readUserId } from "../../wire/id-bytes.ts";
import {
  type ClientMessageId,
  type Epoch,
  type GroupId,
  type Seq,
  seqBeforeFirst,
  type UserId,
} from "../../wire/ids.ts";
import { type MessageType, messageTypes } from "../../wire/send-frame.ts";
import { copyEnd, copySignature } from "../copy-binary.ts";
import type { StoredMessage } from "../messages.ts";

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
  /** The client says that it has sent the message before. */
  readonly resend: boolean;
  /** The message's number among those of its connection; the batch gives it back with the outcome. */
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
  /** Rows that may be in the table already. */
  readonly suspects: number[] = [];
  /** The outcome of each row: its seq, or 0 and a fault. */
  readonly seqs: Seq[] = [];
  readonly faults: (RowFault | undefined)[] = [];
  /** The outcome of each row: whether this batch's commit stored it, so that it is still to be delivered to the members. */
  readonly fresh: boolean[] = [];
  readonly #tickets: Ticket[] = [];
  readonly #turns: number[] = [];
  readonly #groups: GroupId[] = [];
  readonly #epochs: Epoch[] = [];
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

  /** Adds a row; the batch gives `ticket` back with its outcome. Answers false, and adds nothing, when the batch is full. */
  add(message: IncomingMessage, ticket: Ticket): boolean {
    const at = this.#end;
    const end = at + rowBytes(message.payload.length);
    if (this.count >= this.#rowsMax || end + copyEnd.length > this.#bytesMax) return false;
    if (end + copyEnd.length > this.#buffer.length) this.#grow(end + copyEnd.length);
    const buffer = this.#buffer;
    buffer.set(rowTemplate, at);
    writeUint53(buffer, at + offsets.group, message.group);
    writeUint53(buffer, at + offsets.sender, message.sender);
    writeUint64(buffer, at + offsets.clientMessageId, message.clientMessageId);
    writeUint32(buffer, at + offsets.epoch, message.epoch);
    buffer[at + offsets.type + 1] = message.type;
    writeUint53(buffer, at + offsets.sentAt, message.sentAt);
    writeUint32(buffer, at + offsets.payload - 4, message.payload.length);
    buffer.set(message.payload, at + offsets.payload);
    this.#end = end;

    const row = this.count++;
    this.#starts[row] = at;
    this.#tickets[row] = ticket;
    this.#turns[row] = message.turn;
    this.#groups[row] = message.group;
    this.#epochs[row] = message.epoch;
    this.seqs[row] = seqBeforeFirst;
    this.faults[row] = undefined;
    this.fresh[row] = false;
    if (message.resend) this.suspects.push(row);
    return true;
  }

  clear(): void {
    this.count = 0;
    this.#end = copySignature.length;
    this.#tickets.length = 0;
    this.suspects.length = 0;
    // A burst is over: its memory is given back.
    if (this.#buffer.length > keptBytesMax) {
      this.#buffer = Buffer.allocUnsafe(keptBytesMax / 4);
      this.#buffer.set(copySignature);
    }
  }

  ticket(row: number): Ticket {
    return this.#at(this.#tickets, row);
  }

  turn(row: number): number {
    return this.#at(this.#turns, row);
  }

  group(row: number): GroupId {
    return this.#at(this.#groups, row);
  }

  epoch(row: number): Epoch {
    return this.#at(this.#epochs, row);
  }

  /** The seq that the row got; 0 where it has a fault. */
  seq(row: number): Seq {
    return this.#at(this.seqs, row);
  }

  /** The groups of all rows, each once. */
  distinctGroups(): GroupId[] {
    const seen = new Set<GroupId>();
    for (let row = 0; row < this.count; row++) seen.add(this.group(row));
    return [...seen];
  }

  sender(row: number): UserId {
    return readUserId(this.#buffer, this.#start(row) + offsets.sender);
  }

  clientMessageId(row: number): ClientMessageId {
    return readClientMessageId(this.#buffer, this.#start(row) + offsets.clientMessageId);
  }

  type(row: number): MessageType {
    const type = this.#buffer[this.#start(row) + offsets.type + 1];
    if (type === messageTypes.application || type === messageTypes.membership || type === messageTypes.handshake)
      return type;
    throw new Error(`row ${row} has the message type ${type}`);
  }

  sentAt(row: number): number {
    return readUint53(this.#buffer, this.#start(row) + offsets.sentAt);
  }

  setSentAt(row: number, sentAt: number): void {
    writeUint53(this.#buffer, this.#start(row) + offsets.sentAt, sentAt);
  }

  payloadBytes(row: number): number {
    return this.#rowEnd(row) - this.#start(row) - offsets.payload;
  }

  /** The message as the group's members get it; the payload is a view that holds until the batch is cleared. */
  stored(row: number): StoredMessage {
    return {
      seq: this.seq(row),
      sender: this.sender(row),
      clientMessageId: this.clientMessageId(row),
      type: this.type(row),
      sentAt: this.sentAt(row),
      epoch: this.epoch(row),
      payload: this.#buffer.subarray(this.#start(row) + offsets.payload, this.#rowEnd(row)),
    };
  }

  /** The input of `COPY` that stores all rows, under their `seqs`. */
  copyInput(): Buffer {
    for (let row = 0; row < this.count; row++) {
      writeUint53(this.#buffer, this.#start(row) + offsets.seq, this.seq(row));
    }
    this.#buffer.set(copyEnd, this.#end);
    return this.#buffer.subarray(0, this.#end + copyEnd.length);
  }

  /** The input of `COPY` that stores some of the rows. */
  copyInputOf(rows: readonly number[]): Buffer {
    const pieces: Uint8Array[] = [copySignature];
    for (const row of rows) {
      writeUint53(this.#buffer, this.#start(row) + offsets.seq, this.seq(row));
      pieces.push(this.#buffer.subarray(this.#start(row), this.#rowEnd(row)));
    }
    pieces.push(copyEnd);
    return Buffer.concat(pieces);
  }

  /** A column of some rows, or of all, as a PostgreSQL array in binary form, for `unnest`. */
  column(name: ColumnName, rows?: readonly number[]): Buffer {
    const { oid, at, bytes } = columns[name];
    const count = rows?.length ?? this.count;
    const rowAt = (i: number) => (rows ? itemAt(rows, i) : i);
    let length = arrayHeaderBytes;
    for (let i = 0; i < count; i++) length += 4 + (bytes ?? this.payloadBytes(rowAt(i)));
    const array = Buffer.allocUnsafe(length);
    writeArrayHeader(array, oid, count);
    let to = arrayHeaderBytes;
    for (let i = 0; i < count; i++) {
      const row = rowAt(i);
      // The field's length stands in front of it, in COPY's form as in an array's.
      const from = this.#start(row) + at - 4;
      const fieldBytes = 4 + (bytes ?? this.payloadBytes(row));
      array.set(this.#buffer.subarray(from, from + fieldBytes), to);
      to += fieldBytes;
    }
    return array;
  }

  #start(row: number): number {
    return this.#at(this.#starts, row);
  }

  #rowEnd(row: number): number {
    return row + 1 < this.count ? this.#start(row + 1) : this.#end;
  }

  /** A row's field. The lists keep rows of an earlier batch behind the last row of this one: those are no rows. */
  #at<T>(fields: readonly T[], row: number): T {
    const field = row < this.count ? fields[row] : undefined;
    if (field === undefined) throw new RangeError(`a batch of ${this.count} rows has no row ${row}`);
    return field;
  }

  #grow(needed: number): void {
    const larger = Buffer.allocUnsafe(Math.min(this.#bytesMax, Math.max(needed, this.#buffer.length * 2)));
    larger.set(this.#buffer.subarray(0, this.#end));
    this.#buffer = larger;
  }
}

/** Bytes that a row takes in a batch. */
export function rowBytes(payloadBytes: number): number {
  return offsets.payload + payloadBytes;
}

const keptBytesMax = 1024 * 1024;

/** Where each field's value begins in a row: each has its length in 4 bytes before it. */
const offsets = {
  group: 6,
  seq: 18,
  sender: 30,
  clientMessageId: 42,
  epoch: 54,
  type: 62,
  sentAt: 68,
  payload: 80,
} as const;

/** The count of the 8 fields, and their lengths: only the payload's differs from row to row. */
const rowTemplate = Buffer.alloc(offsets.payload);
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
  rowTemplate.writeInt32BE(bytes, offsets[field] - 4);
}

const columns = {
  group: { oid: 20, at: offsets.group, bytes: 8 },
  sender: { oid: 20, at: offsets.sender, bytes: 8 },
  clientMessageId: { oid: 20, at: offsets.clientMessageId, bytes: 8 },
  epoch: { oid: 23, at: offsets.epoch, bytes: 4 },
  type: { oid: 21, at: offsets.type, bytes: 2 },
  sentAt: { oid: 20, at: offsets.sentAt, bytes: 8 },
  payload: { oid: 17, at: offsets.payload, bytes: undefined },
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
