import { randomBytes } from "node:crypto";
import { connect, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { limits } from "../../wire/limits.ts";
import type { ClientSocket, OpenSocket, SocketEvents, SocketOptions } from "./socket.ts";
import { clientFrame, FrameReader, opcodes } from "./web-socket-frames.ts";
import { readUpgrade } from "./web-socket-upgrade.ts";

/**
 * A WebSocket client that does what this protocol needs and no more: binary messages, no extensions. All sockets of a
 * thread that are in clear read into one buffer, and a message that lies whole in it is passed on as a view.
 *
 * It is made for ten thousand simulated users on a core: see the figures in `core/client/README.md`.
 */
export const openLeanSocket: OpenSocket = (url, events, options = {}) => new LeanSocket(url, events, options);

const readBuffer = Buffer.allocUnsafeSlow(256 * 1024);
const noCloseFrame = 1006;
/** How long what was written may take to leave after the end. */
const lingerMs = 5000;

class LeanSocket implements ClientSocket {
  readonly #socket: Socket;
  readonly #events: SocketEvents;
  readonly #reader: FrameReader;
  readonly #key = randomBytes(16).toString("base64");
  #response: Buffer | undefined = Buffer.alloc(0);
  #closed = false;

  constructor(url: string, events: SocketEvents, options: SocketOptions) {
    this.#events = events;
    this.#reader = new FrameReader(
      {
        binary: (payload) => events.received(payload),
        ping: (payload) => void this.#socket.write(clientFrame(opcodes.pong, payload)),
        closed: (code, reason) => this.#ended(code, reason),
        broken: (reason) => this.#ended(1002, reason),
      },
      // A server's frame may be larger than a client's: a page of history in one.
      limits.frameBytesMax * 2,
    );
    const { hostname, port, host, pathname, protocol } = new URL(url);
    const to = {
      host: hostname.replace(/^\[|\]$/g, ""),
      noDelay: true,
      ...(options.localAddress === undefined ? {} : { localAddress: options.localAddress }),
    };
    const upgrade = () =>
      this.#socket.write(
        `GET ${pathname} HTTP/1.1\r\nHost: ${host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
          `Sec-WebSocket-Key: ${this.#key}\r\nSec-WebSocket-Version: 13\r\n\r\n`,
      );
    if (protocol === "wss:") {
      const authority = options.tls?.authority;
      this.#socket = connectTls({
        ...to,
        port: Number(port || 443),
        ...(authority === undefined ? {} : { ca: authority }),
        ...(isIP(to.host) ? {} : { servername: to.host }),
      });
      this.#socket.on("data", (bytes) => this.#read(bytes));
      this.#socket.once("secureConnect", upgrade);
    } else {
      const onread = {
        buffer: readBuffer,
        callback: (bytes: number, buffer: Uint8Array) => {
          this.#read(buffer.subarray(0, bytes));
          return true;
        },
      };
      this.#socket = connect({ ...to, port: Number(port || 80), onread });
      this.#socket.once("connect", upgrade);
    }
    this.#socket.on("error", (cause) => this.#ended(noCloseFrame, cause.message));
    this.#socket.on("close", () => this.#ended(noCloseFrame, "the connection ended"));
  }

  get bytesRead(): number {
    return this.#socket.bytesRead;
  }

  send(frame: Uint8Array): void {
    if (!this.#closed) this.#socket.write(clientFrame(opcodes.binary, frame));
  }

  close(): void {
    if (this.#closed) return;
    if (!this.#response) this.#socket.write(clientFrame(opcodes.close, Buffer.from([0x03, 0xe8])));
    this.#ended(1000, "closed here");
  }

  #read(bytes: Uint8Array): void {
    if (this.#closed) return;
    if (!this.#response) return this.#reader.read(bytes);
    this.#response = Buffer.concat([this.#response, bytes]);
    const upgraded = readUpgrade(this.#response, this.#key);
    if (!upgraded) return;
    if (!upgraded.ok) return this.#ended(noCloseFrame, upgraded.reason);
    this.#response = undefined;
    this.#events.opened();
    if (upgraded.value.length > 0) this.#reader.read(upgraded.value);
  }

  #ended(code: number, reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    // Sends what was written before, and does not wait for the server to close its side; nor, for long, for a dead network.
    this.#socket.setTimeout(lingerMs, () => this.#socket.destroy());
    this.#socket.destroySoon();
    this.#events.closed(code, reason);
  }
}
