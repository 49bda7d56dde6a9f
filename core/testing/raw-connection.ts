import { connect, type Socket } from "node:net";
import { after } from "node:test";
import { until } from "./until.ts";

const open: RawConnection[] = [];
after(() => {
  for (const connection of open) connection.destroy();
});

export interface RawAnswer {
  readonly status: number;
  /** The text after the status, such as `Not Found`. */
  readonly reason: string;
  /** By name in lower case; the values of a repeated header are joined with commas. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A WebSocket frame from the server. */
export interface RawFrame {
  readonly opcode: number;
  readonly payload: Buffer;
}

/**
 * A TCP connection over which a test sends what it wants, byte by byte, and which keeps all received bytes. It does not close
 * its side when the server closes the other.
 */
export class RawConnection {
  readonly #socket: Socket;
  #received = Buffer.alloc(0);
  /** Whether the server has ended the connection, by whatever means. */
  ended = false;

  constructor(port: number) {
    this.#socket = connect({ host: "127.0.0.1", port, allowHalfOpen: true });
    this.#socket.on("data", (bytes) => {
      this.#received = Buffer.concat([this.#received, bytes]);
    });
    for (const event of ["end", "close", "error"]) {
      this.#socket.on(event, () => {
        this.ended = true;
      });
    }
    open.push(this);
  }

  /** Bytes, or text in latin1. */
  send(bytes: Uint8Array | string): void {
    this.#socket.write(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes);
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** Whether the text is among the received bytes that were not read as an answer or a frame. */
  has(text: string): boolean {
    return this.#received.includes(text);
  }

  /** Resolves when the connection is open. */
  async connected(): Promise<void> {
    await until(() => this.#socket.readyState === "open" || this.ended, "a connection is made");
  }

  /** The next answer over HTTP, with its body; an answer to HEAD has none, whatever its `content-length` says. */
  async answer({ toHead = false } = {}): Promise<RawAnswer> {
    const read = () => readAnswer(this.#received, { toHead, ended: this.ended });
    await until(() => read() !== undefined || this.ended, "an answer comes");
    const found = read();
    if (!found) throw new Error(`the connection ended without an answer: ${this.#received.toString("latin1")}`);
    this.#received = this.#received.subarray(found.bytes);
    return found.answer;
  }

  /** Resolves when the server has ended the connection, with the received bytes that were not read as an answer or a frame. */
  async end(): Promise<Buffer> {
    await until(() => this.ended, "the server ends the connection");
    return this.#received;
  }

  /** The next WebSocket frame; undefined when the connection ended before one came. */
  async frame(): Promise<RawFrame | undefined> {
    await until(() => frameBytes(this.#received) !== undefined || this.ended, "a frame comes");
    const bytes = frameBytes(this.#received);
    if (bytes === undefined) return undefined;
    const frame = this.#received.subarray(0, bytes);
    this.#received = this.#received.subarray(bytes);
    return { opcode: (frame[0] ?? 0) & 0x0f, payload: frame.subarray(frame[1] === 126 ? 4 : 2) };
  }
}

function readAnswer(bytes: Buffer, { toHead, ended }: { toHead: boolean; ended: boolean }) {
  const headEnd = bytes.indexOf("\r\n\r\n");
  if (headEnd === -1) return undefined;
  const [line = "", ...fields] = bytes.subarray(0, headEnd).toString("latin1").split("\r\n");
  const [, status = "", reason = ""] = /^HTTP\/1\.1 (\d{3}) (.*)$/.exec(line) ?? [];
  const headers: Record<string, string> = {};
  for (const field of fields) {
    const [, name = "", value = ""] = /^([^:\s]+): ?(.*)$/.exec(field) ?? [];
    const key = name.toLowerCase();
    headers[key] = key in headers ? `${headers[key]}, ${value}` : value;
  }
  const bodyAt = headEnd + 4;
  const hasBody = !toHead && status !== "204" && !status.startsWith("1");
  const bodyEnd = !hasBody
    ? bodyAt
    : headers["content-length"] === undefined
      ? ended
        ? bytes.length
        : Number.POSITIVE_INFINITY
      : bodyAt + Number(headers["content-length"]);
  if (bodyEnd > bytes.length) return undefined;
  const body = bytes.subarray(bodyAt, bodyEnd).toString("latin1");
  return { answer: { status: Number(status), reason, headers, body }, bytes: bodyEnd };
}

/** The length of the frame that the bytes begin with, undefined if it is cut off; frames up to 65,535 bytes. */
function frameBytes(bytes: Buffer): number | undefined {
  const [, length = 0] = bytes;
  const headerBytes = length === 126 ? 4 : 2;
  if (bytes.length < headerBytes) return undefined;
  const all = headerBytes + (length === 126 ? bytes.readUInt16BE(2) : length);
  return bytes.length < all ? undefined : all;
}

export const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** A client's WebSocket frame, right by default; the options make it wrong. */
export function clientFrameOf(
  opcode: number,
  payload: Uint8Array | string = "",
  {
    fin = true,
    reserved = 0,
    masked = true,
    lengthBytes,
  }: { fin?: boolean; reserved?: number; masked?: boolean; lengthBytes?: 2 | 8 } = {},
): Buffer {
  const plain = Buffer.from(payload);
  const first = (fin ? 0x80 : 0) | (reserved << 4) | opcode;
  const maskBit = masked ? 0x80 : 0;
  const header =
    plain.length < 126 && lengthBytes === undefined
      ? Buffer.from([first, maskBit | plain.length])
      : lengthBytes === 8
        ? Buffer.from([first, maskBit | 127, 0, 0, 0, 0, 0, 0, plain.length >> 8, plain.length & 0xff])
        : Buffer.from([first, maskBit | 126, plain.length >> 8, plain.length & 0xff]);
  if (!masked) return Buffer.concat([header, plain]);
  const key = Buffer.from([0x12, 0x34, 0x56, 0x78]);
  return Buffer.concat([header, key, plain.map((byte, i) => byte ^ (key[i % 4] ?? 0))]);
}

/** A request for a WebSocket, right by default; the options change it. `undefined` leaves a header out. */
export function upgradeRequest({
  method = "GET",
  path = "/v1",
  version = "1.1",
  headers = {},
}: {
  method?: string;
  path?: string;
  version?: string;
  headers?: Readonly<Record<string, string | undefined>>;
} = {}): string {
  const all: Readonly<Record<string, string | undefined>> = {
    Host: "chat.example",
    Upgrade: "websocket",
    Connection: "Upgrade",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version": "13",
    ...headers,
  };
  const fields = Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${value}\r\n`]));
  return `${method} ${path} HTTP/${version}\r\n${fields.join("")}\r\n`;
}
