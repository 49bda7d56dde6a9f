import { randomBytes } from "node:crypto";
import { entryHash, noEntryHash } from "../e2ee/entry-check.ts";
import { signEntry } from "../e2ee/entry-signing.ts";
import type { ReplyTo } from "../wire/client-frame.ts";
import { type Epoch, epoch, firstEpoch, type GroupId, groupId, nextEpoch, type Seq, type UserId } from "../wire/ids.ts";
import {
  actionsWithNewKey,
  type MembershipAction,
  type MembershipEntry,
  type MembershipSubject,
} from "../wire/membership-entry.ts";
import type { ConformSocket } from "./conform-socket.ts";
import type { ConformUser } from "./people.ts";

/** What differs from the entry that would follow. */
export type EntryOf = Partial<MembershipEntry> & { readonly people?: readonly ConformUser[] };

export interface WrappedFor {
  readonly epoch: Epoch;
  readonly user: UserId;
  readonly wrapped: Uint8Array;
}

/**
 * A group as its members know it: it makes the entries that follow. Keys, key commitments and titles are random bytes, which
 * no server can tell from others.
 */
export class ConformGroup {
  readonly id: GroupId;
  epoch: Epoch = firstEpoch;
  length = 0;
  head: Uint8Array = noEntryHash;
  /** The seq of the last entry. */
  lastEntrySeq: Seq | undefined;
  #members = new Map<UserId, ConformUser>();

  constructor(id: GroupId = freshGroupId()) {
    this.id = id;
  }

  get members(): readonly ConformUser[] {
    return [...this.#members.values()];
  }

  /** The bytes of the entry that follows; `of` may make it wrong. */
  entry(actor: ConformUser, action: MembershipAction, { people = [], ...of }: EntryOf = {}): Uint8Array {
    return signEntry(this.body(actor, action, { people, ...of }), actor.identity.signingKey);
  }

  /** The same, unsigned. */
  body(actor: ConformUser, action: MembershipAction, { people = [], ...of }: EntryOf = {}): MembershipEntry {
    const begins = beginsEpoch(action) && action !== "create";
    return {
      group: this.id,
      index: this.length,
      epoch: begins ? nextEpoch(this.epoch) : this.epoch,
      action,
      actor: actor.id,
      actorFingerprint: actor.identity.public.fingerprint,
      subjects: people.map(subjectOf),
      previous: this.head,
      ...(actionsWithNewKey.has(action) ? { opening: randomBytes(40) } : {}),
      ...(action === "create" || action === "rename" ? { sealedTitle: randomBytes(73) } : {}),
      ...(action === "create" ? { settings: { suite: "rsa-fernet", history: false, expireSeconds: 0 } } : {}),
      ...of,
    };
  }

  /** A wrapped key of the epoch that such an entry begins, for each member that there will be. */
  keysFor(actor: ConformUser, action: MembershipAction, people: readonly ConformUser[] = []): WrappedFor[] {
    if (!actionsWithNewKey.has(action)) return [];
    const of = action === "create" ? this.epoch : nextEpoch(this.epoch);
    return this.#after(actor, action, people).map(({ id }) => wrappedFor(id, of));
  }

  async stage(socket: ConformSocket, keys: readonly WrappedFor[]): Promise<void> {
    await socket.granted({ kind: "stageKeys", group: this.id, keys });
  }

  /** Makes a change that the server must accept, staging its keys first. */
  async change(
    actor: ConformUser,
    action: MembershipAction,
    { socket = actor.socket, ...of }: EntryOf & { readonly socket?: ConformSocket } = {},
  ): Promise<ReplyTo<"change">> {
    const keys = this.keysFor(actor, action, of.people);
    if (keys.length > 0) await this.stage(socket, keys);
    const entry = this.entry(actor, action, of);
    const changed = await socket.granted({ kind: "change", entry });
    this.follow(actor, action, entry, of.people);
    this.lastEntrySeq = changed.seq;
    return changed;
  }

  /** Goes on from an entry that the server has accepted. */
  follow(actor: ConformUser, action: MembershipAction, entry: Uint8Array, people: readonly ConformUser[] = []): void {
    this.#members = new Map(this.#after(actor, action, people).map((user) => [user.id, user]));
    if (beginsEpoch(action) && action !== "create") this.epoch = nextEpoch(this.epoch);
    this.length++;
    this.head = entryHash(entry);
  }

  #after(actor: ConformUser, action: MembershipAction, people: readonly ConformUser[]): ConformUser[] {
    const members = this.members;
    switch (action) {
      case "create":
        return [actor, ...people];
      case "admit":
        return [...members, ...people];
      case "remove":
        return members.filter((member) => !people.includes(member));
      case "leave":
        return members.filter((member) => member !== actor);
      default:
        return [...members];
    }
  }
}

const beginsEpoch = (action: MembershipAction) => actionsWithNewKey.has(action) || action === "leave";

export const subjectOf = ({ id, identity }: ConformUser): MembershipSubject => ({
  user: id,
  fingerprint: identity.public.fingerprint,
});

export const wrappedFor = (user: UserId, of: number): WrappedFor => ({
  epoch: epoch(of),
  user,
  wrapped: randomBytes(384),
});

export function freshGroupId(): GroupId {
  return groupId(1 + (randomBytes(6).readUIntBE(0, 6) % (2 ** 48 - 1)));
}
