import { randomBytes } from "node:crypto";
import { noEntryHash } from "../../e2ee/entry-check.ts";
import { signEntry } from "../../e2ee/entry-signing.ts";
import type { Identity } from "../../e2ee/identity.ts";
import type { AnySuite, Recipient } from "../../e2ee/suite.ts";
import { accepted, type Result, refused } from "../../platform/result.ts";
import { readUint32, readUint53 } from "../../wire/bytes.ts";
import { type Epoch, firstEpoch, type GroupId, groupId, nextEpoch, type UserId } from "../../wire/ids.ts";
import { limits } from "../../wire/limits.ts";
import type { Membership } from "../../wire/membership.ts";
import {
  actionsWithNewKey,
  type GroupSettings,
  type MembershipAction,
  type MembershipEntry,
  type MembershipSubject,
} from "../../wire/membership-entry.ts";
import { type GroupRefusal, refusal } from "../mail/group-refusal.ts";
import type { Mailbox } from "../mail/mailbox.ts";
import { isTemporary } from "../mail/server-link.ts";
import { askOnce, type IdentityBook, type KnownPerson } from "../people/identity-book.ts";
import type { Conversation } from "./conversation.ts";
import { ProposedEpoch } from "./proposed-epoch.ts";

/** The change that a user wants; it is made anew from the newest log when somebody else's change came first. */
export interface WantedChange {
  readonly action: Exclude<MembershipAction, "create">;
  readonly people?: readonly KnownPerson[];
  /** Members to remove as the log names them, whatever identity the server shows for them now. */
  readonly subjects?: readonly MembershipSubject[];
  readonly title?: string;
}

export interface GroupChangesParts {
  readonly self: Identity;
  readonly user: UserId;
  readonly mailbox: Mailbox;
  readonly people: IdentityBook;
}

const triesMax = 5;

/** Founds groups and changes their membership: builds the entry, signs it, wraps the keys, and tries again on conflict. */
export class GroupChanges {
  readonly #parts: GroupChangesParts;

  constructor(parts: GroupChangesParts) {
    this.#parts = parts;
  }

  /** A new group of these people and the caller, its admin. */
  async found(
    conversationOf: (group: GroupId) => Conversation,
    members: readonly KnownPerson[],
    suite: AnySuite,
    { title, ...settings }: Omit<GroupSettings, "suite"> & { readonly title: string },
  ): Promise<Result<Conversation, GroupRefusal>> {
    const others = members.filter(({ user }) => user !== this.#parts.user);
    for (let attempt = 1; ; attempt++) {
      const group = drawGroupId();
      const epoch = firstEpoch;
      const change = { group, epoch, members: [...others, this.#me()], readBack: [] };
      const next = await ProposedEpoch.from(undefined, suite, this.#parts.self, change);
      const entry: MembershipEntry = {
        ...this.#signedBy(group, 0, epoch, noEntryHash),
        action: "create",
        subjects: subjectsOf(others),
        opening: next.keyCommitment,
        sealedTitle: next.sealTitle(title),
        settings: { ...settings, suite: suite.name },
      };
      const conversation = conversationOf(group);
      const outcome = await this.#submit(conversation, entry, next);
      if (outcome.ok) return accepted(conversation);
      const again = outcome.reason.code === "group_exists" || outcome.reason.code === "keys_missing";
      if (!again || attempt === triesMax) return outcome;
    }
  }

  /** Changes a group; refused where the user may not, or where changes of others keep coming first. */
  async change(conversation: Conversation, wanted: WantedChange): Promise<Result<Membership, GroupRefusal>> {
    for (let attempt = 1; ; attempt++) {
      const refreshed = await conversation.refresh();
      if (!refreshed.ok) return refreshed;
      // Somebody else has renewed the key meanwhile.
      if (wanted.action === "rekey" && refreshed.value.keyed && attempt > 1) return refreshed;
      if (wanted.title !== undefined && !hasNewKey(wanted.action) && !refreshed.value.keyed) {
        const rekeyed = await this.change(conversation, { action: "rekey" });
        if (!rekeyed.ok) return rekeyed;
        continue;
      }
      const prepared = await this.#prepare(conversation, refreshed.value, wanted);
      const outcome = prepared.ok
        ? await this.#submit(conversation, prepared.value.entry, prepared.value.next)
        : prepared;
      if (outcome.ok && conversation.membership) return accepted(conversation.membership);
      if (outcome.ok) throw new Error(`group ${conversation.group} was changed, and has no members`);
      const again = outcome.reason.code === "conflict" || outcome.reason.code === "keys_missing";
      if (!again || attempt === triesMax) return outcome;
    }
  }

  /**
   * Removes all other members and leaves, so that the group has no members: for an admin. Called again after a failure, it goes
   * on where it ended.
   */
  async dissolve(conversation: Conversation): Promise<Result<undefined, GroupRefusal>> {
    for (let attempt = 1; ; attempt++) {
      const refreshed = await conversation.refresh();
      if (!refreshed.ok) return refreshed;
      const subjects = [...refreshed.value.members]
        .filter(([user]) => user !== this.#parts.user)
        .map(([user, { fingerprint }]) => ({ user, fingerprint }));
      const wanted: WantedChange = subjects.length > 0 ? { action: "remove", subjects } : { action: "leave" };
      const changed = await this.change(conversation, wanted);
      if (changed.ok && wanted.action === "leave") return accepted(undefined);
      // Somebody has come or gone meanwhile, so the members to remove are others.
      const moved = changed.ok || changed.reason.code === "conflict" || changed.reason.code === "invalid_change";
      if (!moved || attempt === triesMax) return changed.ok ? refusal("conflict", "others keep coming") : changed;
    }
  }

  async #prepare(
    conversation: Conversation,
    membership: Membership,
    { action, people = [], subjects = subjectsOf(people), title }: WantedChange,
  ): Promise<Result<{ entry: MembershipEntry; next: ProposedEpoch | undefined }, GroupRefusal>> {
    if (!conversation.suite)
      return refusal("unknown_suite", `this client does not know the suite ${membership.settings.suite}`);
    const { group, length, epoch, head } = membership;
    const entryEpoch = hasNewKey(action) || action === "leave" ? nextEpoch(epoch) : epoch;
    let next: ProposedEpoch | undefined;
    if (hasNewKey(action)) {
      const removed = new Set(action === "remove" ? subjects.map(({ user }) => user) : []);
      const members = await this.#membersAfter(membership, removed, action === "admit" ? people : []);
      if (!members.ok) return members;
      const readBack = action === "admit" && membership.settings.history ? people : [];
      const change = { group, epoch: entryEpoch, members: members.value, readBack };
      const proposed = await conversation.proposeEpoch(membership, change);
      if (!proposed.ok) return proposed;
      next = proposed.value;
    }
    const newTitle = title ?? (next ? conversation.title : undefined);
    const sealedTitle =
      newTitle === undefined ? undefined : (next?.sealTitle(newTitle) ?? conversation.sealTitle(entryEpoch, newTitle));
    const entry: MembershipEntry = {
      ...this.#signedBy(group, length, entryEpoch, head),
      action,
      subjects,
      ...(next ? { opening: next.keyCommitment } : {}),
      ...(sealedTitle === undefined ? {} : { sealedTitle }),
    };
    return accepted({ entry, next });
  }

  async #membersAfter(
    membership: Membership,
    removed: ReadonlySet<UserId>,
    admitted: readonly KnownPerson[],
  ): Promise<Result<Recipient[], GroupRefusal>> {
    const staying = [...membership.members].filter(([user]) => !removed.has(user));
    const known = await this.#parts.people.prefetch(
      staying.map(([user]) => user),
      askOnce,
    );
    if (!known.ok) return known;
    const recipients: Recipient[] = [...admitted];
    for (const [user, { fingerprint }] of staying) {
      const identity = await this.#parts.people.byFingerprint(user, fingerprint, askOnce);
      if (!identity.ok) return identity;
      recipients.push({ user, identity: identity.value });
    }
    return accepted(recipients);
  }

  async #submit(
    conversation: Conversation,
    entry: MembershipEntry,
    next: ProposedEpoch | undefined,
  ): Promise<Result<undefined, GroupRefusal>> {
    const { mailbox, self } = this.#parts;
    const keys = next?.keys ?? [];
    for (let from = 0; from < keys.length; from += limits.stagedKeysPerFrameMax) {
      const page = keys.slice(from, from + limits.stagedKeysPerFrameMax);
      const staged = await mailbox.request({ kind: "stageKeys", group: entry.group, keys: page });
      if (!staged.ok) return refused(staged.reason);
    }
    const bytes = signEntry(entry, self.signingKey);
    let changed = await mailbox.request({ kind: "change", entry: bytes });
    // The server may have taken the entry in without a reply. It grants the same entry again, or takes it in now.
    if (!changed.ok && isTemporary(changed.reason.code)) {
      changed = await mailbox.requestPatiently({ kind: "change", entry: bytes });
    }
    if (!changed.ok) return refused(changed.reason);
    const { group, epoch, seq, index } = changed.value;
    await conversation.recordOwn(entry, { seq, at: mailbox.now(), bytes }, next);
    if (entry.action === "create") mailbox.enter({ group, epoch, lastSeq: seq, logLength: index + 1 });
    return accepted(undefined);
  }

  #signedBy(group: GroupId, index: number, epoch: Epoch, previous: Uint8Array) {
    const { user, self } = this.#parts;
    return { group, index, epoch, previous, actor: user, actorFingerprint: self.public.fingerprint };
  }

  #me(): Recipient {
    return { user: this.#parts.user, identity: this.#parts.self.public };
  }
}

const hasNewKey = (action: MembershipAction) => actionsWithNewKey.has(action);

function subjectsOf(people: readonly KnownPerson[]) {
  return people.map(({ user, identity: { fingerprint } }) => ({ user, fingerprint }));
}

/** Uniform from 1 to 2^53 − 1. */
function drawGroupId(): GroupId {
  for (;;) {
    const bytes = randomBytes(8);
    bytes.writeUInt32BE(readUint32(bytes, 0) >>> 11, 0);
    const drawn = readUint53(bytes, 0);
    if (drawn > 0) return groupId(drawn);
  }
}
