import { WebSocket } from "ws";
import type { TlsTrust } from "../client/index.ts";
import type { Clock } from "../platform/clock.ts";
import {
  type ColdClientFrame,
  encodeClientFrame,
  isReplyTo,
  type PostFrame,
  type PostKind,
  type ReplyTo,
  type RequestKind,
  type RequestOf,
} from "../wire/client-frame.ts";
import { type ErrorCode, errorCodes } from "../wire/errors.ts";
import { type ColdServerFrame, parseServerFrame, type ServerFrame } from "../wire/server-frame.ts";
import { Unmet } from "./expectation.ts";
import { shown } from "./shown.ts";

/** How long a server may take to do what is expected of it. */
const answerMsMax = 5000;
/** What stands for the code of a close frame that did not come (RFC 6455 section 7.1.5). */
const noCloseFrame = 1006;

export type ErrorFrame = Extract<ColdServerFrame, { readonly kind: "error" }>;

/** A request, whose fields may be wrong. */
export type LooseRequest = Record<string, unknown> & { readonly kind: ColdClientFrame["kind"] };

export interface SocketParts {
  readonly clock: Clock;
  readonly tls: TlsTrust;
}

/** A socket that sends what a case wants, right or wrong, and keeps all that the server sends. */
export class ConformSocket {
  readonly url: string;
  readonly #socket: WebSocket;
  readonly #clock: Clock;
  readonly #frames: ServerFrame[] = [];
  readonly #wakeups = new Set<() => void>();
  #fault: string | undefined;
  #closed: { readonly code: number; readonly reason: string } | undefined;
  /** Why the socket broke. */
  #complaint: string | undefined;
  #requests = 0;
  #pongs = 0;

  constructor(url: string, { clock, tls }: SocketParts) {
    this.url = url;
    this.#clock = clock;
    this.#socket = new WebSocket(url, {
      perMessageDeflate: false,
      ...(tls.authority === undefined ? {} : { ca: tls.authority }),
    });
    this.#socket.on("open", () => this.#wake());
    this.#socket.on("pong", () => {
      this.#pongs++;
      this.#wake();
    });
    this.#socket.on("message", (bytes: Buffer, isBinary) => this.#received(bytes, isBinary));
    this.#socket.on("close", (code, reason) => {
      this.#closed ??= { code, reason: reason.toString() };
      this.#wake();
    });
    this.#socket.on("error", (cause) => {
      this.#complaint ??= cause.message;
    });
  }

  /** Resolves when the handshake is over; throws when the server refuses it. */
  async opened(): Promise<void> {
    await this.#until(() => this.#socket.readyState !== WebSocket.CONNECTING || this.#closed !== undefined);
    if (this.#socket.readyState === WebSocket.OPEN || this.#frames.length > 0) return;
    throw new Unmet(`a WebSocket opens at ${this.url}`, this.#complaint ?? this.#ending());
  }

  sendBytes(bytes: Uint8Array): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(bytes);
  }

  /** Sends one message in pieces. */
  sendPieces(pieces: readonly Uint8Array[]): void {
    pieces.forEach((piece, i) => this.#socket.send(piece, { fin: i === pieces.length - 1, binary: true }));
  }

  sendText(text: string): void {
    this.#socket.send(text);
  }

  post<Kind extends PostKind>(frame: PostFrame<Kind>): void {
    this.sendBytes(encodeClientFrame(frame));
  }

  /** Sends a request, whose fields may be wrong, and resolves with the frame that has its number. */
  async ask(frame: LooseRequest): Promise<ColdServerFrame> {
    const request = this.#requests++;
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- frames that are no frames are what cases send by this
    this.sendBytes(encodeClientFrame({ ...frame, request } as unknown as ColdClientFrame));
    return this.answerTo(request, `an answer to ${frame.kind}`);
  }

  /** The frame that answers the request of this number. */
  async answerTo(request: number, what: string): Promise<ColdServerFrame> {
    return this.next(what, (of): of is ColdServerFrame => "request" in of && of.request === request);
  }

  /** Sends a request that must be granted. */
  async granted<Kind extends RequestKind>(frame: RequestOf<Kind>): Promise<ReplyTo<Kind>> {
    const answer = await this.ask(frame);
    if (isReplyTo(frame.kind, answer)) return answer;
    throw new Unmet(`${frame.kind} is granted`, shown(answer));
  }

  /** Sends a request that must be refused with this code; the connection goes on. */
  async refused(frame: LooseRequest, code: ErrorCode): Promise<ErrorFrame> {
    return refusedWith(code, frame.kind, await this.ask(frame));
  }

  /** How many frames have come: `next` and `none` can begin behind them. */
  get mark(): number {
    return this.#frames.length;
  }

  /** All frames that have come. */
  get received(): readonly ServerFrame[] {
    return this.#frames;
  }

  /** The first frame that fits, among those that have arrived or will arrive behind `from`. */
  async next<Frame extends ServerFrame>(
    what: string,
    fits: (frame: ServerFrame) => frame is Frame,
    from = 0,
  ): Promise<Frame> {
    const find = () => this.#frames.slice(from).find(fits);
    await this.#until(() => find() !== undefined || this.#over());
    const found = find();
    if (found) return found;
    throw new Unmet(what, this.#instead(from));
  }

  /** Resolves once as much has come as `enough` needs. */
  async untilReceived(what: string, enough: (frames: readonly ServerFrame[]) => boolean): Promise<void> {
    await this.#until(() => enough(this.#frames) || this.#over());
    if (!enough(this.#frames)) throw new Unmet(what, this.#instead(0));
  }

  /** Throws if such a frame came behind `from` before the answer to a ping that is sent `afterMs` from now. */
  async none(what: string, fits: (frame: ServerFrame) => boolean, from = 0, afterMs = 300): Promise<void> {
    await new Promise<void>((resolve) => this.#clock.after(afterMs, resolve));
    await this.staysOpen();
    const found = this.#frames.slice(from).find(fits);
    if (found) throw new Unmet(`no ${what}`, shown(found));
  }

  /** The connection goes on: a ping is answered. */
  async staysOpen(): Promise<void> {
    const answer = await this.ask({ kind: "ping" });
    if (answer.kind !== "pong") throw new Unmet("the connection goes on, and a ping is answered", shown(answer));
  }

  /** The server answers a ping of WebSocket's own. */
  async answersPing(): Promise<void> {
    this.#socket.ping();
    await this.#until(() => this.#pongs > 0 || this.#over());
    if (this.#pongs === 0) throw new Unmet("a pong frame of WebSocket", this.#instead(0));
  }

  /** The server ends the connection: by an error without a number, the close code that belongs to it, and its name as reason. */
  async endsWith(code: ErrorCode, closeCode: number = errorCodes[code].closeCode ?? 1008, msMax = answerMsMax) {
    const expected = `error ${code} without a number, then the close code ${closeCode} with the reason ${code}`;
    await this.#until(() => this.#over(), msMax);
    const error = this.#frames.find((of): of is ErrorFrame => of.kind === "error" && of.request === undefined);
    if (!this.#closed) throw new Unmet(expected, this.#instead(0));
    const { code: came, reason } = this.#closed;
    if (error?.code === code && came === closeCode && reason === code) return;
    throw new Unmet(expected, error ? `${shown(error)}, then ${this.#ending()}` : this.#instead(0));
  }

  /** The server ends the connection, however. */
  async ends(): Promise<void> {
    await this.#until(() => this.#over());
    if (!this.#closed) throw new Unmet("the connection ends", this.#instead(0));
  }

  /** Closes the connection as a client does, and resolves with the code of the close frame that answers. */
  async close(): Promise<number> {
    this.#socket.close(1000);
    await this.#until(() => this.#over());
    return this.#closed?.code ?? noCloseFrame;
  }

  destroy(): void {
    this.#socket.terminate();
  }

  #received(bytes: Buffer, isBinary: boolean): void {
    const parsed = parseServerFrame(bytes);
    if (!isBinary) this.#fault ??= "a text message";
    else if (parsed.ok) this.#frames.push(parsed.value);
    else this.#fault ??= `${parsed.reason.code} (${parsed.reason.detail})`;
    this.#wake();
  }

  #over(): boolean {
    return this.#closed !== undefined || this.#fault !== undefined;
  }

  #ending(): string {
    const { code, reason } = this.#closed ?? { code: noCloseFrame, reason: "" };
    return `the connection ended with ${code}${reason === "" ? "" : ` (${reason})`}`;
  }

  /** What came instead of what was expected. */
  #instead(from: number): string {
    if (this.#fault !== undefined) return `a frame that is none of this protocol: ${this.#fault}`;
    const frames = this.#frames.slice(from);
    const last = frames.at(-1);
    const end = this.#closed ? this.#ending() : "nothing more";
    return last ? `${frames.length} frames, the last ${shown(last)}, then ${end}` : end;
  }

  #wake(): void {
    for (const wake of this.#wakeups) wake();
  }

  /** Resolves when it holds, or after `msMax`. */
  async #until(holds: () => boolean, msMax = answerMsMax): Promise<void> {
    if (holds()) return;
    await new Promise<void>((resolve) => {
      const end = () => {
        cancel();
        this.#wakeups.delete(look);
        resolve();
      };
      const look = () => {
        if (holds()) end();
      };
      const cancel = this.#clock.after(msMax, end);
      this.#wakeups.add(look);
    });
  }
}

export function refusedWith(code: ErrorCode, what: string, answer: ColdServerFrame): ErrorFrame {
  if (answer.kind === "error" && answer.code === code) return answer;
  throw new Unmet(`${what} is refused with ${code}`, shown(answer));
}
