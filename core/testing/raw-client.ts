import assert from "node:assert/strict";
import { once } from "node:events";
import { after } from "node:test";
import { WebSocket } from "ws";
import { type ColdClientFrame, encodeClientFrame } from "../wire/client-frame.ts";
import { type ErrorCode, errorOfCloseCode } from "../wire/errors.ts";
import { type ColdServerFrame, parseServerFrame, type ServerFrame } from "../wire/server-frame.ts";
import { present } from "./present.ts";
import { until } from "./until.ts";

const open: RawClient[] = [];
after(() => {
  for (const client of open) client.destroy();
});

/** A socket that sends what a test wants, right or wrong, and keeps the frames that the server sends. */
export class RawClient {
  readonly #socket: WebSocket;
  readonly frames: ServerFrame[] = [];
  /** Set once the server has ended the connection. */
  closed: { readonly code: number; readonly error: ErrorCode | undefined } | undefined;
  #requests = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on("message", (bytes: Buffer) => {
      const parsed = parseServerFrame(bytes);
      if (!parsed.ok) throw new Error(parsed.reason.detail);
      this.frames.push(parsed.value);
    });
    socket.on("close", (code) => {
      this.closed = { code, error: errorOfCloseCode(code) };
    });
    socket.on("error", () => {}); // A close follows.
    open.push(this);
  }

  /** Opens a socket to `ws://…`. */
  static async open(url: string): Promise<RawClient> {
    const socket = new WebSocket(url, { perMessageDeflate: false });
    const client = new RawClient(socket);
    await once(socket, "open");
    return client;
  }

  sendBytes(bytes: Uint8Array): void {
    this.#socket.send(bytes);
  }

  sendText(text: string): void {
    this.#socket.send(text);
  }

  /** Sends a request, whose fields may be wrong, and resolves with the reply or the error. */
  async ask(frame: Record<string, unknown> & { readonly kind: ColdClientFrame["kind"] }): Promise<ColdServerFrame> {
    const request = this.#requests++;
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- frames that are no frames are what tests send by this
    this.sendBytes(encodeClientFrame({ ...frame, request } as unknown as ColdClientFrame));
    const reply = await this.next((of) => "request" in of && of.request === request);
    assert.ok("request" in reply);
    return reply;
  }

  /** The first frame that fits, among those that have arrived or will arrive. */
  async next(fits: (frame: ServerFrame) => boolean): Promise<ServerFrame> {
    await until(() => this.frames.some(fits) || this.closed !== undefined, "the awaited frame arrives");
    const found = this.frames.find(fits);
    if (!found)
      throw new Error(`the connection ended (${this.closed?.error ?? this.closed?.code}) before the awaited frame`);
    return found;
  }

  /** Resolves when the server has ended the connection. */
  async ended(): Promise<{ readonly code: number; readonly error: ErrorCode | undefined }> {
    await until(() => this.closed !== undefined, "the server ends the connection");
    return present(this.closed, "how the connection was closed");
  }

  /** Stops reading, like a client that hangs. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  destroy(): void {
    this.#socket.terminate();
  }
}
