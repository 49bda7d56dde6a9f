import type { Cancel, Clock } from "../../platform/clock.ts";
import { accepted, type Result, refused } from "../../platform/result.ts";
import { type Acknowledgement, ackKind, parseAck } from "../../wire/ack-frame.ts";
import { copyBytes } from "../../wire/bytes.ts";
import { encodeRequest, isReplyTo, type ReplyTo, type RequestKind, type RequestOf } from "../../wire/client-frame.ts";
import { deliverKind } from "../../wire/deliver-frame.ts";
import { type ErrorCode, errorOfCloseCode } from "../../wire/errors.ts";
import { readFrameKind } from "../../wire/frame.ts";
import { type ColdServerFrame, type NoticeFrame, parseServerFrame } from "../../wire/server-frame.ts";
import type { ClientSocket, OpenSocket, SocketOptions } from "../socket/socket.ts";

/** Why a request was not granted: the server's error, or why there is none. */
export interface RequestRefusal {
  readonly code: ErrorCode | "timeout" | "offline" | "certificate_refused";
  readonly detail: string;
  readonly retryAfterMs?: number | undefined;
}

/** A request that was refused with one of these codes may be granted later, as it is. */
const temporary: ReadonlySet<string> = new Set<RequestRefusal["code"]>([
  "busy",
  "rate_limited",
  "internal",
  "draining",
  "offline",
  "timeout",
  "certificate_refused",
]);

/** Whether a request that was refused with this code may be granted later, as it is. */
export function isTemporary(code: string): boolean {
  return temporary.has(code);
}

/** Bounds of a pause that a server names: none would make a loop, and one without end would silence the client for ever. */
const pauseMsMin = 50;
const pauseMsMax = 60_000;

/** The pause before a request is sent again where the server names none. */
export const retryMsDefault = 1000;

/** Milliseconds before a request is sent again: what the server said, within bounds; `otherwise` where it said nothing. */
export function pauseMs(said: number | undefined, otherwise: number): number {
  return Math.min(Math.max(said ?? otherwise, pauseMsMin), pauseMsMax);
}

/** Requests ranges of groups' histories: a link, or what has one. The messages come as DELIVER frames before the reply. */
export interface SyncRequests {
  request(frame: RequestOf<"sync">): Promise<Result<ReplyTo<"sync">, RequestRefusal>>;
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
  /** Called once; `code` is the server's reason, if it gave one. */
  closed(code: ErrorCode | undefined, detail: string): void;
}

const requestMsMax = 15_000;

/** A request that waits for its reply. */
interface Waiting {
  readonly kind: RequestKind;
  readonly cancelTimeout: Cancel;
  /** Resolves the request with this frame; false, and nothing else, when it is no reply to it. */
  granted(frame: ColdServerFrame): boolean;
  refused(reason: RequestRefusal): void;
}

/** A client's end of one connection to one server: requests with their replies, and all that the server sends unasked. */
export class ServerLink {
  readonly #socket: ClientSocket;
  readonly #clock: Clock;
  readonly #events: LinkEvents;
  #waiting: Map<number, Waiting> | undefined;
  #requests = 0;
  /** Frames behind a reply, until the code that awaits the reply has handled it. */
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

  /** The reply, or why there is none; never rejects. */
  request<Kind extends RequestKind>(frame: RequestOf<Kind>): Promise<Result<ReplyTo<Kind>, RequestRefusal>> {
    if (!this.isOpen) return Promise.resolve(refused(offline));
    const request = this.#requests++;
    return new Promise((resolve) => {
      const kind: Kind = frame.kind;
      const cancelTimeout = this.#clock.after(requestMsMax, () =>
        this.#refuse(request, { code: "timeout", detail: `no answer to ${kind}` }),
      );
      this.#waiting ??= new Map();
      this.#waiting.set(request, {
        kind,
        cancelTimeout,
        granted(reply) {
          if (!isReplyTo(kind, reply)) return false;
          resolve(accepted(reply));
          return true;
        },
        refused: (reason) => resolve(refused(reason)),
      });
      this.#socket.send(encodeRequest(frame, request));
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
   * The code that awaits a reply runs once this turn's frames have been read. A frame behind the reply may depend on it, such
   * as a message of a group that has just been listed, so those frames are kept until then.
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
    const frame = parsed.value;
    // Both were handled above.
    if (frame.kind === "ack" || frame.kind === "deliver") return;
    if (!("request" in frame)) {
      // An error without a request is about the connection, and the connection's end follows.
      if (frame.kind === "error") this.#said = frame.code;
      else this.#events.noticed(frame);
    } else if (frame.request !== undefined) {
      this.#replied(frame.request, frame);
    }
  }

  #replied(request: number, frame: ColdServerFrame): void {
    const waiting = this.#waiting?.get(request);
    // The reply comes too late.
    if (!waiting) return;
    this.#answered();
    if (frame.kind === "error") return this.#refuse(request, frame);
    if (waiting.granted(frame)) this.#ended(request);
    else this.#broken(`${frame.kind} answers ${waiting.kind}`);
  }

  #broken(detail: string): void {
    this.#closed("malformed_frame", `the server sent a frame that is none: ${detail}`);
    this.#socket.close();
  }

  #refuse(request: number, reason: RequestRefusal): void {
    this.#ended(request)?.refused(reason);
  }

  /** The request waits no more. */
  #ended(request: number): Waiting | undefined {
    const waiting = this.#waiting?.get(request);
    this.#waiting?.delete(request);
    waiting?.cancelTimeout();
    return waiting;
  }

  #closed(code: ErrorCode | undefined, detail: string): void {
    if (this.#over) return;
    this.#over = true;
    for (const request of [...(this.#waiting?.keys() ?? [])]) this.#refuse(request, offline);
    this.#events.closed(this.#said ?? code, detail);
  }
}

const offline: RequestRefusal = { code: "offline", detail: "there is no connection to a server" };
