import assert from "node:assert/strict";
import type { ClientSession } from "../../server/client-session.ts";
import type { TokenClaims } from "../../server/sessions/tokens.ts";
import { readUint64 } from "../../wire/bytes.ts";
import {
  encodeClientFrame,
  type PostFrame,
  type PostKind,
  type RequestFrame,
  type RequestKind,
} from "../../wire/client-frame.ts";
import { type GroupId, maxSeq, type Seq, seqBeforeFirst, seqPlus, type UserId } from "../../wire/ids.ts";
import { encodeSend, type MessageType, type SendFrame } from "../../wire/send-frame.ts";
import { type ColdServerFrame, parseServerFrame, type ServerFrame } from "../../wire/server-frame.ts";
import { present } from "../present.ts";
import type { HeldServer } from "./held-server.ts";

/** What a connection's frames have said of a group. */
interface KnownGroup {
  /** The server publishes every message with a higher seq to the connection; undefined where no frame has said from where on. */
  readonly from: Seq | undefined;
  /** The seqs of messages that arrived, published or fetched. */
  readonly seqs: Set<number>;
}

/** A message that was published to a connection. */
export interface PublishedTo {
  readonly client: HeldClient;
  readonly group: GroupId;
  readonly seq: Seq;
  readonly type: MessageType;
}

type Asked = { readonly [Kind in RequestKind]: Omit<RequestFrame<Kind>, "request"> }[RequestKind];

/** One connection to a {@link HeldServer}, and what its client must believe after the frames that it got. */
export class HeldClient {
  readonly server: HeldServer;
  readonly session: ClientSession;
  readonly user: UserId;
  readonly of: TokenClaims;
  readonly token: Uint8Array;
  /** The groups of which the client must believe to be a member. */
  readonly groups = new Map<GroupId, KnownGroup>();
  /** Whether the list of groups has arrived. */
  isListed = false;
  /** Why the connection is over: an error code, or the reason of the server's end. */
  endedBy: string | undefined;
  /** Of the groups whose presence the client watches: the members who are connected, and how far each has read. */
  readonly online = new Map<GroupId, Set<UserId>>();
  readonly cursors = new Map<GroupId, Map<UserId, Seq>>();
  readonly acknowledged: { readonly id: bigint; readonly group: GroupId; readonly seq: Seq }[] = [];
  readonly #published: (message: PublishedTo) => void;
  readonly #answers = new Map<number, (frame: ColdServerFrame) => void>();
  readonly #sent = new Map<bigint, { readonly group: GroupId; readonly leavings: number }>();
  /** How many `left` notices it got for each group. */
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

  /** Sends a request; `answered` is called with its reply or error. */
  ask(frame: Asked, answered: (frame: ColdServerFrame) => void = () => {}): void {
    const request = this.#requests++;
    this.#answers.set(request, answered);
    this.session.received(encodeClientFrame({ ...frame, request }));
  }

  post(frame: PostFrame<PostKind>): void {
    this.session.received(encodeClientFrame(frame));
  }

  send(frame: Omit<SendFrame, "kind">): void {
    const { group, clientMessageId } = frame;
    this.#sent.set(clientMessageId, { group, leavings: this.#leavings.get(group) ?? 0 });
    this.session.received(encodeSend(frame));
  }

  /**
   * Requests the list of groups; `listed` gets it. The user has left known groups that are not on it, unless joined meanwhile.
   */
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
          const seq = seqPlus(frame.firstSeq, i);
          this.groups.get(frame.group)?.seqs.add(seq);
          if (isPublished) this.#published({ client: this, group: frame.group, seq, type });
        }
        return;
      case "ack":
        for (const { clientMessageId: id, seq } of frame.acknowledgements) {
          const { group } = present(this.#sent.get(id), `message ${id} that is acknowledged`);
          this.acknowledged.push({ id, group, seq });
          this.#wasMember(id);
        }
        return;
      case "reject":
        // These two codes say nothing of membership: `busy` also stands for a group that could not be read.
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
        for (const [user, seq] of frame.cursors) cursors?.set(user, maxSeq(seq, cursors.get(user) ?? seqBeforeFirst));
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

  /** The client has subscribed to the group by a request of its own: no frame says from which seq on. */
  entered(group: GroupId): void {
    this.#knows(group, undefined);
  }

  /** The server took the sender of this message for a member; the sender may have left since. */
  #wasMember(id: bigint): void {
    const sent = this.#sent.get(id);
    if (sent && sent.leavings === (this.#leavings.get(sent.group) ?? 0)) this.entered(sent.group);
  }

  #knows(group: GroupId, lastSeq: Seq | undefined): void {
    const known = this.groups.get(group);
    if (known && (known.from !== undefined || lastSeq === undefined)) return;
    this.groups.set(group, { from: lastSeq, seqs: known?.seqs ?? new Set() });
  }

  #left(group: GroupId): void {
    this.#leavings.set(group, (this.#leavings.get(group) ?? 0) + 1);
    this.groups.delete(group);
    this.online.delete(group);
    this.cursors.delete(group);
  }
}
