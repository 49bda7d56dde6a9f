import type { Cancel, Clock } from "../../platform/clock.ts";
import { accepted, type Result, refused } from "../../platform/result.ts";
import { type Acknowledgement, ackKind, parseAck } from "../../wire/ack-frame.ts";
import { copyBytes } from "../../wire/bytes.ts";
import {
  type ClientFrame,
  coldClientFrames,
  encodeClientFrame,
  type ReplyTo,
  type RequestFrame,
  type RequestKind,
} from "../../wire/client-frame.ts";
import { deliverKind } from "../../wire/deliver-frame.ts";
import { type ErrorCode, errorOfCloseCode } from "../../wire/errors.ts";
import { readFrameKind } from "../../wire/frame.ts";
import { type ColdServerFrame, type NoticeFrame, parseServerFrame } from "../../wire/server-frame.ts";
import type { ClientSocket, OpenSocket, SocketOptions } from "../socket/socket.ts";

/** What is asked; the number is the link's. */
export type RequestOf<Kind extends RequestKind> = { readonly kind: Kind } & Omit<
  RequestFrame<Kind>,
  "kind" | "request"
>;

/** Why a request was not granted: what the server said, or that it said nothing. */
export interface RequestRefusal {
  readonly code: ErrorCode | "timeout" | "offline" | "certificate_refused";
  readonly detail: string;
  readonly retryAfterMs?: number | undefined;
}

/** What the server refuses for its own sake, for now. */
const refusedForNow: ReadonlySet<string> = new Set(["busy", "rate_limited", "internal", "draining"]);

/** Whether what was refused for this reason may be granted if it is asked again. */
export function isTemporary(code: string): boolean {
  return code === "offline" || code === "timeout" || code === "certificate_refused" || refusedForNow.has(code);
}

/** A server may name any pause: one of nothing would be a loop, and one without end the last that is heard of a client. */
const pauseMsMin = 50;
const pauseMsMax = 60_000;

/** Before something is asked again that was refused without a word on when. */
export const retryMsDefault = 1000;

/** Milliseconds before something is asked again, as the server says, within bounds; `otherwise` when it says nothing. */
export function pauseMs(said: number | undefined, otherwise: number): number {
  return Math.min(Math.max(said ?? otherwise, pauseMsMin), pauseMsMax);
}

/** Who can be asked. */
export interface Requests {
  request<Kind extends RequestKind>(frame: RequestOf<Kind>): Promise<Result<ReplyTo<Kind>, RequestRefusal>>;
}

export interface LinkParts {
  readonly open: OpenSocket;
  readonly clock: Clock;
  readonly socket?: SocketOptions;
}

export interface LinkEvents {
  opened(): void;
  /** A DELIVER frame; valid during the call only. */
  delivered(frame: Uint8Array): void;
  acknowledged(acknowledgement: Acknowledgement): void;
  noticed(notice: NoticeFrame): void;
  /** Once; `code` is the server's reason, if it gave one. */
  closed(code: ErrorCode | undefined, detail: string): void;
}

const requestMsMax = 15_000;

interface Waiting {
  readonly kind: RequestKind;
  readonly resolve: (outcome: Result<ColdServerFrame, RequestRefusal>) => void;
  readonly cancelTimeout: Cancel;
}

/** One connection to one server: requests with their answers, and what else the server says. */
export class ServerLink {
  readonly #socket: ClientSocket;
  readonly #clock: Clock;
  readonly #events: LinkEvents;
  #waiting: Map<number, Waiting> | undefined;
  #requests = 0;
  /** What has come behind an answer, as long as whoever asked has not dealt with that. */
  #behind: Uint8Array[] | undefined;
  #open = false;
  #over = false;
  #said: ErrorCode | undefined;

  constructor(url: string, { open, clock, socket }: LinkParts, events: LinkEvents) {
    this.#clock = clock;
    this.#events = events;
    this.#socket = open(
      url,
      {
        opened: () => {
          this.#open = true;
          events.opened();
        },
        received: (frame) => this.#received(frame),
        closed: (code, reason) => {
          while (this.#behind && this.#behind.length > 0) this.#goOn();
          this.#closed(errorOfCloseCode(code), reason);
        },
      },
      socket,
    );
  }

  get isOpen(): boolean {
    return this.#open && !this.#over;
  }

  /** The answer, or why there is none; never fails. */
  request<Kind extends RequestKind>(frame: RequestOf<Kind>): Promise<Result<ReplyTo<Kind>, RequestRefusal>> {
    if (!this.isOpen) return Promise.resolve(offline);
    const request = this.#requests++;
    return new Promise((resolve) => {
      const cancelTimeout = this.#clock.after(requestMsMax, () =>
        this.#settle(request, refused({ code: "timeout", detail: `no answer to ${frame.kind}` })),
      );
      this.#waiting ??= new Map();
      this.#waiting.set(request, { kind: frame.kind, resolve: resolve as Waiting["resolve"], cancelTimeout });
      this.#socket.send(encodeClientFrame({ ...frame, request } as unknown as ClientFrame));
    });
  }

  /** Sends a frame that has no reply. */
  post(frame: Uint8Array): void {
    if (this.isOpen) this.#socket.send(frame);
  }

  close(): void {
    this.#socket.close();
  }

  #received(bytes: Uint8Array): void {
    if (this.#behind) this.#behind.push(copyBytes(bytes));
    else this.#read(bytes);
  }

  /**
   * Who awaits an answer goes on when this turn's frames have been read, and what stands behind it may be about the answer: a
   * message of a group that has just been listed. So that is left until then.
   */
  #answered(): void {
    this.#behind = [];
    setImmediate(() => this.#goOn());
  }

  #goOn(): void {
    const frames = this.#behind ?? [];
    this.#behind = undefined;
    for (const frame of frames) this.#received(frame);
  }

  #read(bytes: Uint8Array): void {
    if (this.#over) return;
    const kind = readFrameKind(bytes);
    if (kind.ok && kind.value === deliverKind) return this.#events.delivered(bytes);
    if (kind.ok && kind.value === ackKind) {
      const parsed = parseAck(bytes);
      if (parsed.ok)
        for (const acknowledgement of parsed.value.acknowledgements) this.#events.acknowledged(acknowledgement);
      else this.#broken(parsed.reason.detail);
      return;
    }
    const parsed = parseServerFrame(bytes);
    if (!parsed.ok) return this.#broken(parsed.reason.detail);
    const frame = parsed.value as ColdServerFrame;
    if (!("request" in frame)) {
      // An error of no request is the connection's own, and its end follows.
      if (frame.kind === "error") this.#said = frame.code;
      else this.#events.noticed(frame);
    } else if (frame.request !== undefined) {
      this.#replied(frame.request, frame);
    }
  }

  #replied(request: number, frame: ColdServerFrame): void {
    const asked = this.#waiting?.get(request)?.kind;
    if (asked !== undefined) this.#answered();
    if (frame.kind === "error") return this.#settle(request, refused(frame));
    const isReply = asked === undefined || frame.kind === coldClientFrames[asked].reply;
    if (isReply) this.#settle(request, accepted(frame));
    else this.#broken(`${frame.kind} answers ${asked}`);
  }

  #broken(detail: string): void {
    this.#closed("malformed_frame", `the server sent a frame that is none: ${detail}`);
    this.#socket.close();
  }

  #settle(request: number, outcome: Result<ColdServerFrame, RequestRefusal>): void {
    const waiting = this.#waiting?.get(request);
    if (!waiting) return;
    this.#waiting?.delete(request);
    waiting.cancelTimeout();
    waiting.resolve(outcome);
  }

  #closed(code: ErrorCode | undefined, detail: string): void {
    if (this.#over) return;
    this.#over = true;
    for (const request of [...(this.#waiting?.keys() ?? [])]) this.#settle(request, offline);
    this.#events.closed(this.#said ?? code, detail);
  }
}

const offline = refused<RequestRefusal>({ code: "offline", detail: "there is no connection to a server" });
