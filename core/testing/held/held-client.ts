import assert from "node:assert/strict";
import type { ClientSession } from "../../server/client-session.ts";
import type { TokenClaims } from "../../server/sessions/tokens.ts";
import { readUint64 } from "../../wire/bytes.ts";
import { type ColdClientFrame, encodeClientFrame } from "../../wire/client-frame.ts";
import type { GroupId, Seq, UserId } from "../../wire/ids.ts";
import { encodeSend, type MessageType, type SendFrame } from "../../wire/send-frame.ts";
import { type ColdServerFrame, parseServerFrame, type ServerFrame } from "../../wire/server-frame.ts";
import type { HeldServer } from "./held-server.ts";

/** A group as a connection has been told of it. */
interface KnownGroup {
  /** Behind this place it is told of every message; undefined where nobody has said. */
  readonly from: Seq | undefined;
  /** Places that came, published or asked for. */
  readonly places: Set<number>;
}

/** A message that was published to a connection. */
export interface PublishedTo {
  readonly client: HeldClient;
  readonly group: GroupId;
  readonly seq: number;
  readonly type: MessageType;
}

type Asked = ColdClientFrame extends infer Frame
  ? Frame extends { request: number }
    ? Omit<Frame, "request">
    : never
  : never;

/** One connection to a {@link HeldServer}, and what its client must believe after all that it was told. */
export class HeldClient {
  readonly server: HeldServer;
  readonly session: ClientSession;
  readonly user: UserId;
  readonly of: TokenClaims;
  readonly token: Uint8Array;
  /** Groups that it must believe to be in. */
  readonly groups = new Map<GroupId, KnownGroup>();
  /** Whether the list of groups has come. */
  isListed = false;
  /** Refused, or ended by the server. */
  endedBy: string | undefined;
  /** Of the groups that it looks at: who is here, and who has read how far. */
  readonly online = new Map<GroupId, Set<UserId>>();
  readonly cursors = new Map<GroupId, Map<UserId, Seq>>();
  readonly acknowledged: { readonly id: bigint; readonly group: GroupId; readonly seq: Seq }[] = [];
  readonly #published: (message: PublishedTo) => void;
  readonly #answers = new Map<number, (frame: ColdServerFrame) => void>();
  readonly #sent = new Map<bigint, { readonly group: GroupId; readonly leavings: number }>();
  /** How often it was told that it had left a group. */
  readonly #leavings = new Map<GroupId, number>();
  #requests = 0;

  /** Resumes the session with this token. */
  constructor(server: HeldServer, of: TokenClaims, token: Uint8Array, published: (message: PublishedTo) => void) {
    this.server = server;
    this.user = of.user;
    this.of = of;
    this.token = token;
    this.#published = published;
    this.session = server.open({
      came: (bytes, isPublished) => {
        const parsed = parseServerFrame(bytes);
        if (!parsed.ok) throw new Error(parsed.reason.detail);
        this.#came(parsed.value, isPublished);
      },
      ended: (_, reason) => {
        this.endedBy ??= reason;
      },
    });
  }

  get isAlive(): boolean {
    return this.endedBy === undefined;
  }

  /** Sends a request; `answered` gets the answer, when it comes. */
  ask(frame: Asked, answered: (frame: ColdServerFrame) => void = () => {}): void {
    const request = this.#requests++;
    this.#answers.set(request, answered);
    this.tell({ ...frame, request });
  }

  tell(frame: ColdClientFrame): void {
    this.session.received(encodeClientFrame(frame));
  }

  send(frame: Omit<SendFrame, "kind">): void {
    const { group, clientMessageId } = frame;
    this.#sent.set(clientMessageId, { group, leavings: this.#leavings.get(group) ?? 0 });
    this.session.received(encodeSend(frame));
  }

  /** Asks for the list of groups; `listed` gets it. What is not on it has been left, unless it was joined meanwhile. */
  list(listed: (groups: readonly GroupId[]) => void = () => {}): void {
    const before = [...this.groups.keys()];
    this.ask({ kind: "groups" }, (frame) => {
      if (frame.kind !== "groups") return;
      const groups = frame.groups.map(({ group }) => group);
      assert.deepEqual(groups, [...new Set(groups)], "a group is listed once");
      for (const { group, lastSeq } of frame.groups) this.#knows(group, lastSeq);
      for (const group of before) if (!groups.includes(group)) this.#left(group);
      this.isListed = true;
      listed(groups);
    });
  }

  /** The connection breaks. */
  disconnect(): void {
    this.endedBy ??= "disconnected";
    this.server.drop(this.session);
  }

  #came(frame: ServerFrame, isPublished: boolean): void {
    switch (frame.kind) {
      case "deliver":
        for (const [i, { type }] of frame.messages.entries()) {
          const seq = frame.firstSeq + i;
          this.groups.get(frame.group)?.places.add(seq);
          if (isPublished) this.#published({ client: this, group: frame.group, seq, type });
        }
        return;
      case "ack":
        for (const { clientMessageId: id, seq } of frame.acknowledgements) {
          const group = this.#sent.get(id)?.group as GroupId;
          this.acknowledged.push({ id, group, seq });
          this.#wasMember(id);
        }
        return;
      case "reject":
        // Of a group that could not be read nothing is known.
        if (frame.code !== "not_a_member" && frame.code !== "busy")
          this.#wasMember(readUint64(frame.clientMessageId, 0));
        return;
      case "joined":
        return this.#knows(frame.group, frame.lastSeq);
      case "left":
        return this.#left(frame.group);
      case "presence": {
        const online = this.online.get(frame.group);
        for (const user of frame.online) online?.add(user);
        for (const user of frame.offline) online?.delete(user);
        return;
      }
      case "cursors": {
        const cursors = this.cursors.get(frame.group);
        for (const [user, seq] of frame.cursors) cursors?.set(user, Math.max(seq, cursors.get(user) ?? 0) as Seq);
        return;
      }
      case "error":
        if (frame.request === undefined) {
          this.endedBy = frame.code;
          return;
        }
        break;
      default:
    }
    if ("request" in frame && frame.request !== undefined) {
      this.#answers.get(frame.request)?.(frame);
      this.#answers.delete(frame.request);
    }
  }

  /** Entered by a request of its own: nobody has said from which place on. */
  entered(group: GroupId): void {
    this.#knows(group, undefined);
  }

  /** The server took it for a member when it sent this; it may have left since. */
  #wasMember(id: bigint): void {
    const sent = this.#sent.get(id);
    if (sent && sent.leavings === (this.#leavings.get(sent.group) ?? 0)) this.entered(sent.group);
  }

  #knows(group: GroupId, lastSeq: Seq | undefined): void {
    const known = this.groups.get(group);
    if (known && (known.from !== undefined || lastSeq === undefined)) return;
    this.groups.set(group, { from: lastSeq, places: known?.places ?? new Set() });
  }

  #left(group: GroupId): void {
    this.#leavings.set(group, (this.#leavings.get(group) ?? 0) + 1);
    this.groups.delete(group);
    this.online.delete(group);
    this.cursors.delete(group);
  }
}
