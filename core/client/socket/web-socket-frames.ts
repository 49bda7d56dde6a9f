import { randomFillSync } from "node:crypto";
import { readUint8, readUint16 } from "../../wire/bytes.ts";

export const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** A complete message, or a control frame. `payload` is valid during the call only. */
export interface FrameEvents {
  binary(payload: Uint8Array): void;
  ping(payload: Uint8Array): void;
  closed(code: number, reason: string): void;
  /** The other side broke the protocol; nothing more is read. */
  broken(reason: string): void;
}

/**
 * Reads what a WebSocket server sends (RFC 6455 section 5), in whatever pieces it arrives. A frame that lies whole in a
 * piece is passed on as a view; only a frame that is cut is copied.
 */
export class FrameReader {
  readonly #events: FrameEvents;
  readonly #messageBytesMax: number;
  /** The beginning of a frame whose end has not come. */
  #rest: GrowingBytes | undefined;
  /** Bytes of the unfinished frame that must be there before more of it can be read. */
  #needed = 0;
  /** The fragments so far of a message whose last has not come. */
  #message: GrowingBytes | undefined;
  #over = false;

  constructor(events: FrameEvents, messageBytesMax: number) {
    this.#events = events;
    this.#messageBytesMax = messageBytesMax;
  }

  read(piece: Uint8Array): void {
    let bytes = piece;
    if (this.#rest) {
      this.#rest.append(piece);
      if (this.#rest.length < this.#needed) return;
      bytes = this.#rest.bytes;
      this.#rest = undefined;
    }
    let at = 0;
    while (!this.#over) {
      const next = this.#readFrame(bytes, at);
      if (next === at) break;
      at = next;
    }
    if (this.#over || at === bytes.length) return;
    this.#rest = new GrowingBytes();
    this.#rest.append(bytes.subarray(at));
  }

  /** Returns where the next frame begins; `at` itself when this one is not complete, whose `#needed` is set then. */
  #readFrame(bytes: Uint8Array, at: number): number {
    const available = bytes.length - at;
    this.#needed = 2;
    if (available < 2) return at;
    const first = readUint8(bytes, at);
    const second = readUint8(bytes, at + 1);
    if ((first & 0x70) !== 0) return this.#break("reserved bits are set");
    if ((second & 0x80) !== 0) return this.#break("a server's frame is masked");
    let length = second & 0x7f;
    let head = 2;
    if (length === 126) {
      this.#needed = 4;
      if (available < 4) return at;
      length = readUint16(bytes, at + 2);
      head = 4;
    } else if (length === 127) {
      this.#needed = 10;
      if (available < 10) return at;
      length = Number(new DataView(bytes.buffer, bytes.byteOffset + at + 2, 8).getBigUint64(0));
      head = 10;
    }
    if (length + (this.#message?.length ?? 0) > this.#messageBytesMax)
      return this.#break(`a message of ${length} bytes`);
    this.#needed = head + length;
    if (available < this.#needed) return at;
    this.#frame(first, bytes.subarray(at + head, at + head + length));
    return at + head + length;
  }

  #frame(first: number, payload: Uint8Array): void {
    const isLast = (first & 0x80) !== 0;
    const opcode = first & 0x0f;
    switch (opcode) {
      case opcodes.binary:
        if (this.#message) return void this.#break("a message begins within another");
        if (isLast) return this.#events.binary(payload);
        this.#message = new GrowingBytes();
        return this.#message.append(payload);
      case opcodes.continuation: {
        const message = this.#message;
        if (!message) return void this.#break("a continuation of nothing");
        message.append(payload);
        if (!isLast) return;
        this.#message = undefined;
        return this.#events.binary(message.bytes);
      }
      case opcodes.ping:
      case opcodes.pong:
      case opcodes.close:
        if (!isLast || payload.length > 125) return void this.#break("a control frame is cut or too long");
        if (opcode === opcodes.ping) return this.#events.ping(payload);
        if (opcode === opcodes.close) return this.#close(payload);
        return;
      default:
        return void this.#break(`opcode ${opcode}`);
    }
  }

  #close(payload: Uint8Array): void {
    this.#over = true;
    const code = payload.length >= 2 ? readUint16(payload, 0) : 1005;
    this.#events.closed(code, Buffer.from(payload.subarray(2)).toString());
  }

  #break(reason: string): number {
    this.#over = true;
    this.#events.broken(reason);
    return 0;
  }
}

/**
 * Bytes that come in pieces, in one buffer that doubles: however small the pieces are, each byte is copied about twice, and
 * an empty piece costs no memory.
 */
class GrowingBytes {
  #buffer = Buffer.alloc(0);
  length = 0;

  append(piece: Uint8Array): void {
    const length = this.length + piece.length;
    if (length > this.#buffer.length) {
      const grown = Buffer.allocUnsafe(Math.max(length, 2 * this.#buffer.length));
      grown.set(this.bytes);
      this.#buffer = grown;
    }
    this.#buffer.set(piece, this.length);
    this.length = length;
  }

  get bytes(): Uint8Array {
    return this.#buffer.subarray(0, this.length);
  }
}

const masks = Buffer.alloc(8192);
let maskAt = masks.length;

/** One frame, masked as a client's must be (RFC 6455 section 5.3). */
export function clientFrame(opcode: number, payload: Uint8Array): Buffer {
  const length = payload.length;
  const extended = length < 126 ? 0 : length < 0x1_0000 ? 2 : 8;
  const frame = Buffer.allocUnsafe(6 + extended + length);
  frame[0] = 0x80 | opcode;
  frame[1] = 0x80 | (extended === 0 ? length : extended === 2 ? 126 : 127);
  if (extended === 2) frame.writeUInt16BE(length, 2);
  if (extended === 8) frame.writeBigUInt64BE(BigInt(length), 2);
  if (maskAt === masks.length) {
    randomFillSync(masks);
    maskAt = 0;
  }
  const m0 = readUint8(masks, maskAt);
  const m1 = readUint8(masks, maskAt + 1);
  const m2 = readUint8(masks, maskAt + 2);
  const m3 = readUint8(masks, maskAt + 3);
  maskAt += 4;
  let at = 2 + extended;
  frame[at++] = m0;
  frame[at++] = m1;
  frame[at++] = m2;
  frame[at++] = m3;
  let i = 0;
  for (; i + 4 <= length; i += 4) {
    frame[at] = readUint8(payload, i) ^ m0;
    frame[at + 1] = readUint8(payload, i + 1) ^ m1;
    frame[at + 2] = readUint8(payload, i + 2) ^ m2;
    frame[at + 3] = readUint8(payload, i + 3) ^ m3;
    at += 4;
  }
  const maskFrom = maskAt - 4;
  for (; i < length; i++) frame[at++] = readUint8(payload, i) ^ readUint8(masks, maskFrom + (i & 3));
  return frame;
}
