import { createHash, randomBytes } from "node:crypto";
import { connect, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { limits } from "../wire/limits.ts";
import type { ClientSocket, OpenSocket, SocketEvents, SocketOptions } from "./socket.ts";
import { clientFrame, FrameReader, opcodes } from "./web-socket-frames.ts";

/**
 * A WebSocket client that does what this protocol needs and no more: binary messages, no extensions. All sockets of a
 * thread that are in clear read into one buffer, and a message that lies whole in it is handed on where it lies.
 *
 * Ten thousand simulated users on a core is what it is for: see the figures in this folder's README.
 */
export const openLeanSocket: OpenSocket = (url, events, options = {}) => new LeanSocket(url, events, options);

const readBuffer = Buffer.allocUnsafeSlow(256 * 1024);
const responseBytesMax = 8192;
/** RFC 6455 section 1.3. */
const acceptSuffix = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const noCloseFrame = 1006;

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
    const end = this.#response.indexOf("\r\n\r\n");
    if (end === -1) {
      if (this.#response.length > responseBytesMax) this.#ended(noCloseFrame, "the answer to the upgrade has no end");
      return;
    }
    const head = this.#response.subarray(0, end).toString("latin1");
    const rest = this.#response.subarray(end + 4);
    const accept = createHash("sha1")
      .update(this.#key + acceptSuffix)
      .digest("base64");
    const status = head.slice(0, head.indexOf("\r\n"));
    if (!status.startsWith("HTTP/1.1 101 ") || /\r\nsec-websocket-accept: *(\S+)/i.exec(head)?.[1] !== accept) {
      return this.#ended(noCloseFrame, `no WebSocket there: ${status}`);
    }
    this.#response = undefined;
    this.#events.opened();
    if (rest.length > 0) this.#reader.read(rest);
  }

  #ended(code: number, reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    // What was written still goes out; a server that does not close its side is not waited for.
    this.#socket.destroySoon();
    this.#events.closed(code, reason);
  }
}
