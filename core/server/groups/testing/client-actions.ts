import { noEntryHash } from "../../../e2ee/entry-check.ts";
import { signEntry } from "../../../e2ee/entry-signing.ts";
import type { Identity } from "../../../e2ee/identity.ts";
import { pickOne, type Random } from "../../../platform/random.ts";
import type { HeldClient } from "../../../testing/held/held-client.ts";
import { present } from "../../../testing/present.ts";
import {
  clientMessageId,
  type Epoch,
  epoch,
  firstEpoch,
  type GroupId,
  groupId,
  nextEpoch,
  seq,
  type UserId,
} from "../../../wire/ids.ts";
import { actionsWithNewKey, type MembershipAction, type MembershipEntry } from "../../../wire/membership-entry.ts";
import { messageTypes } from "../../../wire/send-frame.ts";
import type { StoredGroups } from "./stored-groups.ts";

export interface Someone {
  readonly user: UserId;
  readonly identity: Identity;
}

const groupsMax = 3;

/** What clients do in groups by themselves, at random: they ask, watch, send, found groups and change them. */
export class ClientActions {
  readonly #random: Random;
  readonly #people: readonly Someone[];
  readonly #stored: StoredGroups;
  #founded = 0;

  constructor(parts: { random: Random; people: readonly Someone[]; stored: StoredGroups }) {
    this.#random = parts.random;
    this.#people = parts.people;
    this.#stored = parts.stored;
  }

  /** Requests something of a group, which may be another's. */
  ask(client: HeldClient): void {
    const group = this.#anyGroup();
    if (group === undefined) return;
    const entered = (answer: { readonly kind: string }) => {
      if (answer.kind !== "error") client.entered(group);
    };
    const after = seq(this.#random.below(3));
    switch (this.#random.below(3)) {
      case 0:
        return client.ask({ kind: "log", group, from: 0 }, entered);
      case 1:
        return client.ask({ kind: "keys", group, from: firstEpoch }, entered);
      default:
        return client.ask({ kind: "sync", group, after, through: seq(1000) }, entered);
    }
  }

  /** Begins or stops to watch a group, or reads it. */
  watch(client: HeldClient): void {
    const own = [...client.groups.keys()];
    if (own.length === 0) return;
    const group = pickOne(this.#random, own);
    switch (this.#random.below(4)) {
      case 0:
        client.online.delete(group);
        client.cursors.delete(group);
        return client.post({ kind: "close", group });
      case 1:
        return client.post({ kind: "read", group, seq: seq(1 + this.#random.below(5)) });
      default:
        if (client.online.has(group)) return;
        client.online.set(group, new Set());
        client.cursors.set(group, new Map());
        return client.post({ kind: "open", group });
    }
  }

  /** Sends a message to a group, which may be another's, perhaps under the epoch before. */
  send(client: HeldClient): void {
    const group = this.#anyGroup();
    const stored = group && this.#stored.get(group);
    if (!group || !stored) return;
    client.send({
      resend: false,
      skipsRefused: false,
      type: messageTypes.application,
      epoch: epoch(Math.max(1, stored.epoch - this.#random.below(2))),
      group,
      clientMessageId: clientMessageId(BigInt(this.#random.uint32())),
      payload: Uint8Array.of(1, 2, 3),
    });
  }

  /** Founds a group with some of the others. */
  found(client: HeldClient): void {
    if (this.#founded >= groupsMax) return;
    const group = groupId(1 + this.#random.below(2 ** 40));
    this.#founded++;
    const others = this.#people.filter(({ user }) => user !== client.user && this.#random.unit() < 0.5);
    const by = this.#someone(client.user);
    const entry = {
      ...entryOf(by, { group, index: 0, epoch: firstEpoch, previous: noEntryHash, action: "create" }, others),
      settings: { suite: "none", history: false, expireSeconds: 0 },
    };
    this.#submit(
      client,
      entry,
      [by, ...others].map(({ user }) => user),
    );
  }

  /** Changes one of the user's groups, as their role allows. */
  change(client: HeldClient): void {
    const own = this.#stored.ofMember(client.user);
    if (own.length === 0) return;
    const { id, members, epoch: current, logLength, head } = pickOne(this.#random, own);
    const isAdmin = members.get(client.user)?.admin === true;
    const inside = this.#people.filter(({ user }) => user !== client.user && members.has(user));
    const outside = this.#people.filter(({ user }) => user !== client.user && !members.has(user));
    const possible: readonly (readonly [MembershipAction, readonly Someone[]])[] = [
      ["rekey", []],
      ...(this.#random.unit() < 0.3 ? ([["leave", []]] as const) : []),
      ...(isAdmin && inside.length > 0 ? ([["remove", [pickOne(this.#random, inside)]]] as const) : []),
      ...(isAdmin && outside.length > 0 ? ([["admit", [pickOne(this.#random, outside)]]] as const) : []),
    ];
    const [action, subjects] = pickOne(this.#random, possible);
    const of = { group: id, index: logLength, epoch: nextEpoch(current), previous: head, action };
    const gone = new Set(action === "remove" ? subjects.map(({ user }) => user) : []);
    const after = [...members.keys(), ...(action === "admit" ? subjects.map(({ user }) => user) : [])];
    this.#submit(
      client,
      entryOf(this.#someone(client.user), of, subjects),
      after.filter((user) => !gone.has(user)),
    );
  }

  #submit(client: HeldClient, entry: MembershipEntry, members: readonly UserId[]): void {
    if (actionsWithNewKey.has(entry.action)) {
      const keys = members.map((user) => ({ user, epoch: entry.epoch, wrapped: Uint8Array.of(1) }));
      client.ask({ kind: "stageKeys", group: entry.group, keys });
    }
    client.ask({ kind: "change", entry: signEntry(entry, this.#someone(client.user).identity.signingKey) });
  }

  #someone(user: UserId): Someone {
    return present(this.#people.find((someone) => someone.user === user));
  }

  #anyGroup(): GroupId | undefined {
    const { ids } = this.#stored;
    return ids.length === 0 ? undefined : pickOne(this.#random, ids);
  }
}

function entryOf(
  { user: actor, identity }: Someone,
  of: {
    readonly group: GroupId;
    readonly index: number;
    readonly epoch: Epoch;
    readonly previous: Uint8Array;
    readonly action: MembershipAction;
  },
  people: readonly Someone[],
): MembershipEntry {
  const subjects = people.map(({ user, identity: { public: known } }) => ({ user, fingerprint: known.fingerprint }));
  const opening = actionsWithNewKey.has(of.action) ? { opening: Uint8Array.of(1) } : {};
  return { ...of, actor, actorFingerprint: identity.public.fingerprint, subjects, ...opening };
}
