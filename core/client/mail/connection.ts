import { backOffMs } from "../../platform/back-off.ts";
import type { Cancel, Clock } from "../../platform/clock.ts";
import type { Random } from "../../platform/random.ts";
import { accepted, type Parsed, type Result, refused } from "../../platform/result.ts";
import type { Acknowledgement } from "../../wire/ack-frame.ts";
import type { ReplyTo, RequestKind, RequestOf } from "../../wire/client-frame.ts";
import type { ErrorCode } from "../../wire/errors.ts";
import type { NoticeFrame, ReplyFrame } from "../../wire/server-frame.ts";
import type { Dial } from "../socket/dial.ts";
import type { OpenSocket, SocketOptions } from "../socket/socket.ts";
import { type Patience, Pulse, patienceOfPeople } from "./pulse.ts";
import { pauseMs } from "./refusals.ts";
import { type RequestRefusal, ServerLink } from "./server-link.ts";

/** The state of a user's connection. `loggedOut` is final: only a new login leads out of it. */
export type ConnectionState = "offline" | "connecting" | "online" | "loggedOut";

export type Welcome = ReplyFrame<"welcome">;
/** Authenticates a new link: signs a user up, logs them in or resumes their session. */
export type Authenticate = (link: ServerLink) => Promise<Result<Welcome, RequestRefusal>>;

export interface ConnectionParts {
  readonly dial: Dial;
  readonly open: OpenSocket;
  readonly clock: Clock;
  readonly random: Random;
  readonly socket?: SocketOptions;
  /** That of people's clients without this. */
  readonly patience?: Patience | undefined;
}

export interface ConnectionEvents {
  stateChanged(state: ConnectionState, why: string): void;
  /** Logged in or resumed. */
  ready(welcome: Welcome): void;
  delivered(frame: Uint8Array): void;
  acknowledged(acknowledgement: Acknowledgement): void;
  noticed(notice: NoticeFrame): void;
  /** The server ends the connection for a frame that it was sent; {@link stateChanged} follows. */
  blamed(code: ErrorCode): void;
}

/** Pauses between attempts to reach a server again. */
const retries = { msMin: 100, msMax: 10_000, jitter: "full" } as const;
const openMsMax = 10_000;
/** A connection that worked for so long was a good one; one that broke before that is counted among the failures. */
const goodMsMin = 10_000;
/** With each failure in a row patience doubles, so often at most: a slow line is not taken for a dead one for ever. */
const patienceDoublingsMax = 4;

const outdated = "unsupported_version: the server speaks another version of the protocol; update FastChat";

const closedHere = refused<RequestRefusal>({ code: "offline", detail: "closed here" });

/** Refusals after which only a login helps. */
const endsSession: ReadonlySet<RequestRefusal["code"]> = new Set<ErrorCode>(["token_invalid", "token_expired"]);

/**
 * Keeps a user connected: finds a server, opens a socket, resumes the session, and does so again whenever the connection
 * breaks. The pauses before that grow, and are random, so that ten thousand clients do not come back at once.
 */
export class Connection {
  readonly #dial: Dial;
  readonly #open: OpenSocket;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #events: ConnectionEvents;
  readonly #socketOptions: SocketOptions;
  readonly #patience: Patience;
  #link: ServerLink | undefined;
  #token: Uint8Array | undefined;
  /** The server that refused the session. The login that follows goes there too: the strategy has counted this client for it. */
  #assigned: string | undefined;
  #state: ConnectionState = "offline";
  /** Attempts in a row that have not led to a good connection. */
  #failures = 0;
  #onlineAtMs = 0;
  /** How long the connection was waited for in vain before it was left. */
  #waitedMs = 0;
  #pulse: Pulse | undefined;
  #wanted = false;
  /** Whether a server has said that it does not speak this client's version of the protocol: no other will. */
  #outdated = false;
  /** Grows when the client goes online or offline: an attempt that began before that is given up. */
  #generation = 0;
  #cancelRetry: Cancel | undefined;

  constructor(parts: ConnectionParts, events: ConnectionEvents) {
    this.#dial = parts.dial;
    this.#open = parts.open;
    this.#clock = parts.clock;
    this.#random = parts.random;
    this.#socketOptions = parts.socket ?? {};
    this.#patience = parts.patience ?? patienceOfPeople;
    this.#events = events;
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** Resumes the session of this token from now on. */
  useToken(token: Uint8Array): void {
    this.#token = token;
  }

  /** Connects with a name and password, and from then on with the session's token. Stays offline when it is refused. */
  async logIn(authenticate: Authenticate): Promise<Result<Welcome, RequestRefusal>> {
    this.#wanted = true;
    const generation = ++this.#generation;
    // Ends the attempt that was to come, and the connection that there was.
    this.#cancelRetry?.();
    this.#drop();
    const outcome = await this.#connect(authenticate);
    if (!outcome.ok && generation === this.#generation) this.close();
    return outcome;
  }

  /** Connects with the session's token, now and whenever it breaks. */
  start(): void {
    if (this.#wanted) return;
    this.#wanted = true;
    this.#outdated = false;
    this.#generation++;
    void this.#resume();
  }

  /** Goes offline and stays so until {@link start}. */
  close(): void {
    this.#wanted = false;
    this.#generation++;
    this.#cancelRetry?.();
    this.#drop();
    this.#enter("offline", "closed here");
  }

  /** Breaks the connection without a close frame, as a failing network would; it comes back by itself. */
  interrupt(): void {
    this.#link?.close();
  }

  /** How long a message on this connection may be without an acknowledgement or a refusal. */
  get outcomeMsMax(): number {
    return this.#patienceNow.outcomeMs;
  }

  /** Leaves the server, which has been waited for for so long in vain, and comes back, perhaps to another. */
  leave(what: string, waitedMs: number): void {
    this.#waitedMs = waitedMs;
    this.#onlineLink?.close(`the server has not ${what} for ${Math.round(waitedMs / 1000)} s`);
  }

  request<Kind extends RequestKind>(frame: RequestOf<Kind>): Promise<Result<ReplyTo<Kind>, RequestRefusal>> {
    const link = this.#onlineLink;
    if (link) return link.request(frame);
    return Promise.resolve(refused({ code: "offline", detail: "there is no connection to a server" }));
  }

  /** Sends a frame that has no reply, if there is a connection. */
  post(frame: Uint8Array): void {
    this.#onlineLink?.post(frame);
  }

  get #onlineLink(): ServerLink | undefined {
    return this.#state === "online" ? this.#link : undefined;
  }

  get #patienceNow(): Patience {
    const { silenceMs, answerMs, outcomeMs, periodMs } = this.#patience;
    const times = 2 ** Math.min(this.#failures, patienceDoublingsMax);
    return { silenceMs, answerMs: answerMs * times, outcomeMs: outcomeMs * times, periodMs };
  }

  async #resume(): Promise<void> {
    const token = this.#token;
    if (!token) throw new Error("start before a login");
    const generation = this.#generation;
    const outcome = await this.#connect((link) => link.request({ kind: "resume", token }));
    if (outcome.ok || generation !== this.#generation) return;
    if (endsSession.has(outcome.reason.code)) {
      this.#wanted = false;
      return this.#enter("loggedOut", outcome.reason.detail);
    }
    const { detail, retryAfterMs } = outcome.reason;
    this.#comeBack(detail, retryAfterMs === undefined ? 0 : pauseMs(retryAfterMs, 0));
  }

  #comeBack(why: string, atLeastMs = 0): void {
    if (this.#outdated) {
      this.#wanted = false;
      return this.#enter("offline", outdated);
    }
    this.#enter("offline", why);
    const delay = atLeastMs + backOffMs(++this.#failures, retries, this.#random);
    this.#cancelRetry?.();
    this.#cancelRetry = this.#clock.after(delay, () => void this.#resume());
  }

  async #connect(authenticate: Authenticate): Promise<Result<Welcome, RequestRefusal>> {
    const generation = this.#generation;
    this.#enter("connecting", "");
    const assigned = this.#assigned;
    this.#assigned = undefined;
    const dialled = assigned === undefined ? await this.#dial() : accepted(assigned);
    if (!dialled.ok) return dialled;
    if (generation !== this.#generation) return closedHere;
    const opened = await this.#openLink(dialled.value);
    // The server that refused the session may be gone by now.
    if (!opened.ok && assigned !== undefined && generation === this.#generation) return this.#connect(authenticate);
    if (!opened.ok) return opened;
    const link = opened.value;
    const outcome = generation === this.#generation ? await authenticate(link) : closedHere;
    if (generation !== this.#generation || !outcome.ok) {
      link.close();
      if (!outcome.ok && endsSession.has(outcome.reason.code)) this.#assigned = dialled.value;
      return generation === this.#generation ? outcome : closedHere;
    }
    if (this.#link !== link) return refused({ code: "offline", detail: "the connection broke" });
    this.#token = outcome.value.token;
    this.#onlineAtMs = this.#clock.monotonic();
    this.#waitedMs = 0;
    this.#pulse = new Pulse(this.#clock, this.#patienceNow, link, (silentMs) =>
      this.leave("given a sign of life", silentMs),
    );
    this.#enter("online", "");
    this.#events.ready(outcome.value);
    return outcome;
  }

  #openLink(url: string): Promise<Parsed<ServerLink, RequestRefusal>> {
    return new Promise((resolve) => {
      const link = new ServerLink(
        url,
        { open: this.#open, clock: this.#clock, socket: this.#socketOptions },
        {
          opened: () => {
            cancelTimeout();
            resolve({ ok: true, value: link });
          },
          delivered: (frame) => this.#events.delivered(frame),
          acknowledged: (acknowledgement) => this.#events.acknowledged(acknowledgement),
          noticed: (notice) => {
            this.#events.noticed(notice);
            // This server is about to stop: closing the link makes the client connect to another at once.
            if (notice.kind === "goAway") link.close();
          },
          blamed: (code) => this.#events.blamed(code),
          closed: (code, detail) => {
            cancelTimeout();
            if (code === "unsupported_version") this.#outdated = true;
            resolve(refused({ code: "offline", detail: code ?? detail }));
            this.#broke(link, code ?? detail);
          },
        },
      );
      const cancelTimeout = this.#clock.after(openMsMax, () => link.close());
      this.#link = link;
    });
  }

  #broke(link: ServerLink, why: string): void {
    if (this.#link !== link) return;
    this.#link = undefined;
    this.#pulse?.stop();
    // While a connection is being made, `#connect` has the outcome.
    if (this.#state !== "online" || !this.#wanted) return;
    if (this.#clock.monotonic() - this.#onlineAtMs - this.#waitedMs >= goodMsMin) this.#failures = 0;
    this.#comeBack(why);
  }

  #drop(): void {
    const link = this.#link;
    this.#link = undefined;
    this.#pulse?.stop();
    link?.close();
  }

  #enter(state: ConnectionState, why: string): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#events.stateChanged(state, why);
  }
}
