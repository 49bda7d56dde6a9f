import type { Clock } from "../../platform/clock.ts";
import { accepted, type Result, refused } from "../../platform/result.ts";
import { type Acknowledgement, ackKind, parseAck } from "../../wire/ack-frame.ts";
import { copyBytes } from "../../wire/bytes.ts";
import { encodeRequest, isReplyTo, type ReplyTo, type RequestKind, type RequestOf } from "../../wire/client-frame.ts";
import { deliverKind } from "../../wire/deliver-frame.ts";
import { type ErrorCode, errorOfCloseCode } from "../../wire/errors.ts";
import { readFrameKind } from "../../wire/frame.ts";
import { type ColdServerFrame, type NoticeFrame, parseColdServerFrame } from "../../wire/server-frame.ts";
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
  /** The server ends the connection for a frame that it was sent; {@link closed} follows. */
  blamed(code: ErrorCode): void;
  /** Called once; `code` is the server's reason, if it gave one. */
  closed(code: ErrorCode | undefined, detail: string): void;
}

const requestMsMax = 15_000;

/** The codes with which a server ends a connection for what it was sent over it. */
const blamesFrame: ReadonlySet<ErrorCode> = new Set<ErrorCode>(["malformed_frame", "unknown_frame", "frame_too_large"]);
/** The close code for a message that is too big to be processed (RFC 6455 section 7.4.1). */
const messageTooBig = 1009;

/** A request that waits for its reply. */
interface Waiting {
  readonly kind: RequestKind;
  /** Resolves the request with this frame; false, and nothing else, when it is no reply to it. */
  granted(frame: ColdServerFrame): boolean;
  refused(reason: RequestRefusal): void;
}

/** A client's end of one connection to one server: requests with their replies, and all that the server sends unasked. */
export class ServerLink {
  readonly #socket: ClientSocket;
  readonly #clock: Clock;
  readonly #events: LinkEvents;
  readonly #waiting = new Map<number, Waiting>();
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
        closed: (code, reason) => this.#endedByServer(code, reason),
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
      const settle = (outcome: Result<ReplyTo<Kind>, RequestRefusal>) => {
        cancelTimeout();
        this.#waiting.delete(request);
        resolve(outcome);
      };
      const cancelTimeout = this.#clock.after(requestMsMax, () =>
        settle(refused({ code: "timeout", detail: `no answer to ${kind}` })),
      );
      this.#waiting.set(request, {
        kind,
        granted(reply) {
          if (!isReplyTo(kind, reply)) return false;
          settle(accepted(reply));
          return true;
        },
        refused: (reason) => settle(refused(reason)),
      });
      this.#socket.send(encodeRequest(frame, request));
    });
  }

  /** Sends a frame that has no reply. */
  post(frame: Uint8Array): void {
    if (this.isOpen) this.#socket.send(frame);
  }

  /** Ends it at once, for a reason that is told: what comes while the socket closes is dropped. */
  close(why = "closed here"): void {
    this.#ended(undefined, why);
    this.#socket.close();
  }

  /** Grows with whatever arrives. */
  get bytesRead(): number {
    return this.#socket.bytesRead;
  }

  /** Asks the server for a sign of life: any byte is one. */
  probe(): void {
    void this.request({ kind: "ping" });
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
    const behind: Uint8Array[] = [];
    this.#behind = behind;
    setImmediate(() => this.#goOn(behind));
  }

  #goOn(behind: readonly Uint8Array[]): void {
    this.#behind = undefined;
    for (const frame of behind) this.#received(frame);
  }

  #read(bytes: Uint8Array): void {
    if (this.#over) return;
    const kind = readFrameKind(bytes);
    if (!kind.ok) return this.#broken(kind.reason.detail);
    if (kind.value === deliverKind) return this.#events.delivered(bytes);
    if (kind.value === ackKind) return this.#readAck(bytes);
    const parsed = parseColdServerFrame(kind.value, bytes);
    if (!parsed.ok) return this.#broken(parsed.reason.detail);
    const frame = parsed.value;
    if (frame.kind === "error") {
      // An error without a request is about the connection, and the connection's end follows.
      if (frame.request === undefined) this.#said = frame.code;
      else this.#replied(frame.request, frame);
    } else if ("request" in frame) this.#replied(frame.request, frame);
    else this.#events.noticed(frame);
  }

  #readAck(bytes: Uint8Array): void {
    const parsed = parseAck(bytes);
    if (!parsed.ok) return this.#broken(parsed.reason.detail);
    for (const acknowledgement of parsed.value.acknowledgements) this.#events.acknowledged(acknowledgement);
  }

  #replied(request: number, frame: ColdServerFrame): void {
    const waiting = this.#waiting.get(request);
    // The reply comes too late.
    if (!waiting) return;
    this.#answered();
    if (frame.kind === "error") waiting.refused(frame);
    else if (!waiting.granted(frame)) this.#broken(`${frame.kind} answers ${waiting.kind}`);
  }

  #broken(detail: string): void {
    this.#closed("malformed_frame", `the server sent a frame that is none: ${detail}`);
    this.#socket.close();
  }

  /** What came before the end is handled first. */
  #ended(code: ErrorCode | undefined, detail: string): void {
    while (this.#behind) this.#goOn(this.#behind);
    this.#closed(code, detail);
  }

  #endedByServer(closeCode: number, reason: string): void {
    while (this.#behind) this.#goOn(this.#behind);
    const code = this.#said ?? (closeCode === messageTooBig ? "frame_too_large" : errorOfCloseCode(closeCode));
    if (!this.#over && code !== undefined && blamesFrame.has(code)) this.#events.blamed(code);
    this.#closed(code, reason);
  }

  #closed(code: ErrorCode | undefined, detail: string): void {
    if (this.#over) return;
    this.#over = true;
    for (const waiting of this.#waiting.values()) waiting.refused(offline);
    this.#events.closed(this.#said ?? code, detail);
  }
}

const offline: RequestRefusal = { code: "offline", detail: "there is no connection to a server" };
