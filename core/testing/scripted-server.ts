import type { OpenSocket, SocketEvents } from "../client/socket/socket.ts";
import { entryHash, noEntryHash } from "../e2ee/entry-check.ts";
import { signEntry } from "../e2ee/entry-signing.ts";
import type { Identity } from "../e2ee/identity.ts";
import { type ColdClientFrame, parseClientFrame, type RequestFrame, type RequestKind } from "../wire/client-frame.ts";
import { type DeliveredMessage, encodeDeliver } from "../wire/deliver-frame.ts";
import { type ClientMessageId, clientMessageId, epoch, groupId, nextSeq, seq, userId } from "../wire/ids.ts";
import type { MembershipEntry } from "../wire/membership-entry.ts";
import { messageTypes } from "../wire/send-frame.ts";
import { type ColdServerFrame, encodeServerFrame, type ServerFrame } from "../wire/server-frame.ts";

/** The two members of {@link ScriptedServer}'s group: the founder and the member whom the founder admitted. */
export interface Cast {
  readonly founder: Identity;
  readonly guest: Identity;
  /** What the group's suite makes of its first epoch. */
  readonly opening: Uint8Array;
  readonly wrapped: Uint8Array;
  /** Seals one of the founder's messages, which have the seqs from 2 on. */
  seal(logHead: Uint8Array, clientMessageId: ClientMessageId): Promise<Uint8Array>;
}

export const scriptedGroup = groupId(7);
export const [founderId, guestId] = [userId(1), userId(2)];
const sentAt = 1_700_000_000_000;

type Request = RequestFrame<RequestKind>;

/**
 * A server in memory for a single client, with one group of two members and a little history. It answers every request as a
 * server should, unless the script says otherwise.
 */
export class ScriptedServer {
  /** The frames, or bytes that are no frame, that are sent instead of the honest reply; undefined for the honest reply. */
  script: (request: Request) => readonly Uint8Array[] | undefined = () => undefined;
  /** How many frames the client has sent, SENDs included. */
  frames = 0;
  connections = 0;
  readonly #cast: Cast;
  readonly #entry: Uint8Array;
  readonly #messages: readonly DeliveredMessage[];
  #client: SocketEvents | undefined;

  private constructor(cast: Cast, entry: Uint8Array, messages: readonly DeliveredMessage[]) {
    this.#cast = cast;
    this.#entry = entry;
    this.#messages = messages;
  }

  static async of(cast: Cast): Promise<ScriptedServer> {
    const { founder, guest, opening } = cast;
    const body: MembershipEntry = {
      group: scriptedGroup,
      index: 0,
      epoch: epoch(1),
      action: "create",
      actor: founderId,
      actorFingerprint: founder.public.fingerprint,
      subjects: [{ user: guestId, fingerprint: guest.public.fingerprint }],
      previous: noEntryHash,
      opening,
      settings: { suite: "rsa-fernet", history: true, expireSeconds: 0 },
    };
    const entry = signEntry(body, founder.signingKey);
    const head = entryHash(entry);
    const of = { sender: founderId, sentAt, epoch: epoch(1) };
    const texts = await Promise.all(
      [11n, 12n].map(async (id) => {
        const payload = await cast.seal(head, clientMessageId(id));
        return { ...of, clientMessageId: clientMessageId(id), type: messageTypes.application, payload };
      }),
    );
    const first = { ...of, clientMessageId: clientMessageId(10n), type: messageTypes.membership, payload: entry };
    return new ScriptedServer(cast, entry, [first, ...texts]);
  }

  readonly open: OpenSocket = (_url, events) => {
    this.connections++;
    let isClosed = false;
    let bytesRead = 0;
    const client: SocketEvents = {
      ...events,
      received(frame) {
        bytesRead += frame.length;
        events.received(frame);
      },
    };
    this.#client = client;
    setImmediate(() => (isClosed ? undefined : events.opened()));
    return {
      send: (bytes) => (isClosed ? undefined : this.#came(Uint8Array.from(bytes))),
      close: () => {
        if (isClosed) return;
        isClosed = true;
        if (this.#client === client) this.#client = undefined;
        events.closed(1000, "closed here");
      },
      get bytesRead() {
        return bytesRead;
      },
    };
  };

  /** Sends a frame that the client has not asked for. */
  say(frame: Uint8Array): void {
    this.#client?.received(frame);
  }

  /** Cuts the connection. */
  cut(): void {
    const client = this.#client;
    this.#client = undefined;
    client?.closed(1006, "cut");
  }

  #came(bytes: Uint8Array): void {
    this.frames++;
    const parsed = parseClientFrame(bytes);
    if (!parsed.ok) throw new Error(`the client sent bytes that are no frame: ${parsed.reason.detail}`);
    const frame = parsed.value;
    const client = this.#client;
    const answer = (frames: readonly Uint8Array[]) =>
      setImmediate(() => {
        for (const said of frames) if (this.#client === client) client?.received(said);
      });
    if (frame.kind === "send") {
      const next = seq(this.#messages.length + 1);
      const acknowledgements = [{ clientMessageId: frame.clientMessageId, seq: next, sentAt }];
      return void answer([encodeServerFrame({ kind: "ack", acknowledgements })]);
    }
    if (!("request" in frame)) return;
    answer(this.script(frame) ?? this.#honest(frame).map(encodeServerFrame));
  }

  #honest(frame: Extract<ColdClientFrame, { request: number }>): readonly ServerFrame[] {
    const { request } = frame;
    const group = scriptedGroup;
    const lastSeq = seq(this.#messages.length);
    const people = [
      { user: founderId, ...personOf(this.#cast.founder) },
      { user: guestId, ...personOf(this.#cast.guest) },
    ];
    const answer = (): ColdServerFrame => {
      switch (frame.kind) {
        case "resume":
        case "signUpFinish":
        case "logInFinish":
          return {
            kind: "welcome",
            request,
            user: guestId,
            name: this.#cast.guest.public.name,
            server: "s0",
            token: Uint8Array.of(1),
            tokenExpiresAt: sentAt,
          };
        case "groups":
          return {
            kind: "groups",
            request,
            groups: [{ group, epoch: epoch(1), lastSeq, logLength: 1, readSeq: seq(0) }],
          };
        case "log": {
          const entries = frame.from === 0 ? [{ index: 0, seq: seq(1), entry: this.#entry }] : [];
          return { kind: "log", request, group, length: 1, entries };
        }
        case "keys":
          return {
            kind: "keys",
            request,
            group,
            keys: [{ epoch: epoch(1), wrapped: this.#cast.wrapped }],
            more: false,
          };
        case "findUsers": {
          const { names = [], ids = [] } = frame;
          const found = [
            ...names.map((name) => people.find((of) => of.name === name)),
            ...ids.map((id) => people.find(({ user }) => user === id)),
          ];
          return { kind: "users", request, users: found.map((of) => of ?? null) };
        }
        case "change":
          return { kind: "changed", request, group, seq: seq(lastSeq + 1), epoch: epoch(2), index: 1 };
        case "sync":
          return { kind: "synced", request, group, after: frame.after, through: lastSeq, lastSeq };
        case "fetchBackup":
          return { kind: "backup", request, backup: null };
        case "ping":
          return { kind: "pong", request };
        case "signUpStart":
          return { kind: "signUpStarted", request, message: new Uint8Array(64) };
        case "logInStart":
          return { kind: "logInStarted", request, message: new Uint8Array(320) };
        case "passwordStart":
          return { kind: "passwordStarted", request, message: new Uint8Array(64) };
        default:
          return { kind: "done", request };
      }
    };
    if (frame.kind !== "sync") return [answer()];
    const messages = this.#messages.slice(frame.after, Math.max(frame.after, frame.through));
    if (messages.length === 0) return [answer()];
    return [{ kind: "deliver", group, firstSeq: nextSeq(frame.after), messages }, answer()];
  }

  /** The group's messages from this seq on, as one frame. */
  messagesFrom(firstSeq: number): Uint8Array {
    const messages = this.#messages.slice(firstSeq - 1);
    return encodeDeliver({ group: scriptedGroup, firstSeq: seq(firstSeq), messages });
  }
}

const personOf = ({ public: { name, bytes } }: Identity) => ({ name, identity: bytes });
