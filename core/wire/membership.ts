import { accepted, type Parsed, refused } from "../platform/result.ts";
import { equalBytes } from "./bytes.ts";
import type { ErrorCode } from "./errors.ts";
import type { Epoch, GroupId, UserId } from "./ids.ts";
import { limits } from "./limits.ts";
import { actionsWithNewKey, type GroupSettings, type MembershipEntry } from "./membership-entry.ts";

/** A group's members, settings and epoch: what all of the log's entries add up to. */
export interface Membership {
  readonly group: GroupId;
  readonly settings: GroupSettings;
  readonly epoch: Epoch;
  /** Whether the epoch has a key. After somebody left it has none until a member rekeys. */
  readonly keyed: boolean;
  /** Entries so far. */
  readonly length: number;
  /** SHA-256 of the last entry. */
  readonly head: Uint8Array;
  readonly members: ReadonlyMap<UserId, Member>;
}

export interface Member {
  readonly admin: boolean;
  readonly fingerprint: Uint8Array;
  /** Index of the entry that admitted them. */
  readonly since: number;
}

export interface ChangeRefusal {
  readonly code: Extract<ErrorCode, "conflict" | "invalid_change" | "not_a_member" | "not_allowed" | "group_full">;
  readonly detail: string;
}

const refuse = (code: ChangeRefusal["code"], detail: string) => refused<ChangeRefusal>({ code, detail });

/**
 * The membership after one more entry, or why the entry may not follow. Servers accept entries by it, and clients check the
 * servers by it. The caller has checked that the signature is the actor's.
 *
 * `before` is undefined for the first entry. When the last admin goes, the member of longest standing becomes admin: no
 * group is ever without one.
 */
export function applyEntry(
  before: Membership | undefined,
  entry: MembershipEntry,
  entryHash: Uint8Array,
): Parsed<Membership, ChangeRefusal> {
  if (before === undefined) return found(entry, entryHash);
  if (entry.group !== before.group) return refuse("invalid_change", "the entry is another group's");
  if (entry.index !== before.length || !equalBytes(entry.previous, before.head)) {
    return refuse(
      "conflict",
      `the log has ${before.length} entries; this one would follow another entry ${entry.index - 1}`,
    );
  }
  const shape = checkShape(before, entry);
  if (!shape.ok) return shape;

  const actor = before.members.get(entry.actor);
  if (!actor || !equalBytes(actor.fingerprint, entry.actorFingerprint))
    return refuse("not_a_member", "the actor is no member under this identity");
  if (!actor.admin && !openToAll.has(entry.action)) return refuse("not_allowed", `only an admin may ${entry.action}`);

  const members = new Map(before.members);
  for (const { user, fingerprint } of entry.subjects) {
    const member = members.get(user);
    if (entry.action === "admit") {
      if (member) return refuse("invalid_change", `${user} is a member already`);
      members.set(user, { admin: false, fingerprint, since: entry.index });
      continue;
    }
    if (!member || !equalBytes(member.fingerprint, fingerprint))
      return refuse("invalid_change", `${user} is no member under this identity`);
    if (entry.action === "remove") {
      if (user === entry.actor) return refuse("invalid_change", "to go oneself is to leave");
      members.delete(user);
    } else {
      members.set(user, { ...member, admin: entry.action === "promote" });
    }
  }
  if (entry.action === "leave") members.delete(entry.actor);
  if (members.size > limits.groupMembersMax)
    return refuse("group_full", `a group has at most ${limits.groupMembersMax} members`);

  return accepted({
    ...before,
    epoch: entry.epoch,
    keyed: entry.action === "leave" ? false : before.keyed || actionsWithNewKey.has(entry.action),
    length: before.length + 1,
    head: entryHash,
    members: withAnAdmin(members),
  });
}

/** Actions that any member may take; the others are for admins. */
const openToAll: ReadonlySet<MembershipEntry["action"]> = new Set(["leave", "rekey"]);
const withSubjects: ReadonlySet<MembershipEntry["action"]> = new Set(["admit", "remove", "promote", "demote"]);

function found(entry: MembershipEntry, head: Uint8Array): Parsed<Membership, ChangeRefusal> {
  if (entry.action !== "create" || entry.index !== 0 || !entry.previous.every((byte) => byte === 0))
    return refuse("conflict", "a log begins with its create entry");
  if (entry.settings === undefined || entry.opening === undefined || entry.epoch !== 1)
    return refuse("invalid_change", "create has settings and begins epoch 1");
  const members = new Map<UserId, Member>([
    [entry.actor, { admin: true, fingerprint: entry.actorFingerprint, since: 0 }],
  ]);
  for (const { user, fingerprint } of entry.subjects) {
    if (members.has(user)) return refuse("invalid_change", `${user} is named twice`);
    members.set(user, { admin: false, fingerprint, since: 0 });
  }
  if (members.size > limits.groupMembersMax)
    return refuse("group_full", `a group has at most ${limits.groupMembersMax} members`);
  return accepted({
    group: entry.group,
    settings: entry.settings,
    epoch: entry.epoch,
    keyed: true,
    length: 1,
    head,
    members,
  });
}

function checkShape(before: Membership, entry: MembershipEntry): Parsed<undefined, ChangeRefusal> {
  const hasNewKey = actionsWithNewKey.has(entry.action);
  const epoch = hasNewKey || entry.action === "leave" ? before.epoch + 1 : before.epoch;
  if (entry.action === "create" || entry.settings !== undefined)
    return refuse("invalid_change", "a group is created once, with its settings");
  if (entry.epoch !== epoch)
    return refuse("invalid_change", `${entry.action} at epoch ${before.epoch} leads to ${epoch}, not ${entry.epoch}`);
  if (hasNewKey !== (entry.opening !== undefined))
    return refuse(
      "invalid_change",
      `${entry.action} ${hasNewKey ? "brings a new key and needs its key commitment" : "brings no new key, and so no key commitment"}`,
    );
  if (withSubjects.has(entry.action) !== entry.subjects.length > 0)
    return refuse("invalid_change", `${entry.action} with ${entry.subjects.length} subjects`);
  if (new Set(entry.subjects.map(({ user }) => user)).size !== entry.subjects.length)
    return refuse("invalid_change", "a subject is named twice");
  if (entry.action === "rename" && entry.sealedTitle === undefined)
    return refuse("invalid_change", "rename without a title");
  return accepted(undefined);
}

/** Makes the member who was admitted first an admin, by the lowest id among several: every client and server agrees. */
function withAnAdmin(members: ReadonlyMap<UserId, Member>): ReadonlyMap<UserId, Member> {
  if (members.size === 0 || [...members.values()].some(({ admin }) => admin)) return members;
  const [user, member] = [...members].reduce((eldest, next) =>
    next[1].since < eldest[1].since || (next[1].since === eldest[1].since && next[0] < eldest[0]) ? next : eldest,
  );
  return new Map(members).set(user, { ...member, admin: true });
}
