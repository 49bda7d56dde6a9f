import { type Result, refused } from "../platform/result.ts";
import { equalBytes } from "../wire/bytes.ts";
import type { ErrorCode } from "../wire/errors.ts";
import { type Epoch, type GroupId, nextSeq, type Seq, seqBeforeFirst, type UserId } from "../wire/ids.ts";
import { limits } from "../wire/limits.ts";
import { applyEntry, type ChangeRefusal, type Member, type Membership } from "../wire/membership.ts";
import type { GroupSettings, MembershipEntry } from "../wire/membership-entry.ts";
import { messageTypes } from "../wire/send-frame.ts";
import { type DatabaseAccess, type Queryable, sqlState, uniqueViolation } from "./database.ts";

export interface StagedKey {
  readonly epoch: Epoch;
  readonly user: UserId;
  readonly wrapped: Uint8Array;
}

export interface Change {
  readonly entry: MembershipEntry;
  /** The entry as it travels, with its signature, which the caller has checked. */
  readonly bytes: Uint8Array;
  readonly hash: Uint8Array;
  readonly keys: readonly StagedKey[];
  readonly sentAt: number;
  /** The first 8 bytes of the entry's hash. */
  readonly clientMessageId: bigint;
}

export interface Changed {
  readonly seq: Seq;
  readonly epoch: Epoch;
  readonly joined: readonly UserId[];
  readonly left: readonly UserId[];
  /** The membership after the change. */
  readonly membership: Membership;
  /** The entry was stored already: its sender did not get the first answer. */
  readonly repeated: boolean;
}

export interface NotChanged {
  readonly code:
    | ChangeRefusal["code"]
    | Extract<ErrorCode, "keys_missing" | "group_exists" | "too_many_groups" | "unknown_user">;
  readonly detail: string;
}

const notChanged = (code: NotChanged["code"], detail: string) => refused<NotChanged>({ code, detail });

/**
 * Adds an entry to a group's log, in one transaction with everything that follows from it: the members, the epoch, the wrapped
 * keys, and the message that delivers the entry. Of two changes at once one wins and the other is a `conflict`; when an answer
 * was lost and the same entry comes again, it gets the same answer.
 */
export async function changeGroup(database: DatabaseAccess, change: Change): Promise<Result<Changed, NotChanged>> {
  try {
    return await database.transaction(async (connection) => {
      const decided = await decide(connection, change);
      if (!decided.ok) throw new Refusal(decided.reason);
      return decided;
    });
  } catch (cause) {
    if (cause instanceof Refusal) return refused(cause.reason);
    const created = change.entry.action === "create" && sqlState(cause) === uniqueViolation;
    if (created) return notChanged("group_exists", `the group id ${change.entry.group} is taken`);
    throw cause;
  }
}

/** Thrown to roll the transaction back; carries the refusal out of it. */
class Refusal extends Error {
  readonly reason: NotChanged;
  constructor(reason: NotChanged) {
    super(reason.detail);
    this.reason = reason;
  }
}

async function decide(connection: Queryable, change: Change): Promise<Result<Changed, NotChanged>> {
  const { entry, hash } = change;
  const before = await lockMembership(connection, entry.group);
  const repeated = before && (await findRepeated(connection, before.membership, change));
  if (repeated) return repeated;
  if (before === undefined && entry.action !== "create") return notChanged("not_a_member", "no such group");
  if (before !== undefined && entry.action === "create") {
    return notChanged("group_exists", `the group id ${entry.group} is taken`);
  }
  const applied = applyEntry(before?.membership, entry, hash);
  if (!applied.ok) return applied;
  const after = applied.value;
  const joined = [...after.members.keys()].filter((user) => !before?.membership.members.has(user));
  const left = [...(before?.membership.members.keys() ?? [])].filter((user) => !after.members.has(user));

  const missing = missingKeys(change, after);
  if (missing) return notChanged("keys_missing", missing);
  const unfit = await unfitNewcomers(connection, joined, after);
  if (unfit) return unfit;

  const seq = nextSeq(before?.lastSeq ?? seqBeforeFirst);
  await saveGroup(connection, before === undefined, after, seq);
  await saveMembers(connection, before?.membership.members ?? new Map(), after);
  await saveEntry(connection, change, seq);
  await saveKeys(connection, change);
  return { ok: true, value: { seq, epoch: after.epoch, joined, left, membership: after, repeated: false } };
}

/** The first answer to this entry, if it is stored already. */
async function findRepeated(
  connection: Queryable,
  membership: Membership,
  { entry, bytes }: Change,
): Promise<Result<Changed, NotChanged> | undefined> {
  if (entry.index >= membership.length) return undefined;
  const { entries } = await readLog(connection, { group: entry.group, from: entry.index, countMax: 1 });
  const [stored] = entries;
  if (!stored || !equalBytes(stored.entry, bytes)) return undefined;
  return { ok: true, value: { seq: stored.seq, epoch: entry.epoch, joined: [], left: [], membership, repeated: true } };
}

async function lockMembership(
  connection: Queryable,
  group: GroupId,
): Promise<{ membership: Membership; lastSeq: Seq } | undefined> {
  const [row] = await connection.query<{
    epoch: Epoch;
    lastSeq: Seq;
    keyed: boolean;
    logLength: number;
    logHead: Buffer;
    suite: string;
    history: boolean;
    expireSeconds: number;
  }>({
    name: "group-lock",
    text: `SELECT epoch, last_seq AS "lastSeq", keyed, log_length AS "logLength", log_head AS "logHead", suite, history,
                  expire_seconds AS "expireSeconds"
           FROM groups WHERE id = $1 FOR UPDATE`,
    values: [group],
  });
  if (!row) return undefined;
  const members = await connection.query<Member & { user: UserId }>({
    name: "group-members",
    text: `SELECT user_id AS "user", admin, fingerprint, since FROM memberships WHERE group_id = $1`,
    values: [group],
  });
  const settings: GroupSettings = { suite: row.suite, history: row.history, expireSeconds: row.expireSeconds };
  return {
    lastSeq: row.lastSeq,
    membership: {
      group,
      settings,
      epoch: row.epoch,
      keyed: row.keyed,
      length: row.logLength,
      head: row.logHead,
      members: new Map(members.map(({ user, admin, fingerprint, since }) => [user, { admin, fingerprint, since }])),
    },
  };
}

/**
 * What is wrong with a change's wrapped keys. A new epoch needs a key for every member; keys of earlier epochs may come with
 * it, for newcomers whom the group lets read its history.
 */
function missingKeys({ entry, keys }: Change, after: Membership): string | undefined {
  if (entry.opening === undefined) return keys.length > 0 ? `${entry.action} begins no epoch` : undefined;
  const given = new Set(keys.filter((key) => key.epoch === after.epoch).map((key) => key.user));
  for (const user of after.members.keys()) if (!given.has(user)) return `user ${user} has no wrapped key`;
  for (const { user, epoch } of keys) {
    if (!after.members.has(user)) return `user ${user} is no member and has a wrapped key`;
    if (epoch > after.epoch) return `epoch ${epoch} is not open`;
  }
  return undefined;
}

async function unfitNewcomers(connection: Queryable, joined: readonly UserId[], after: Membership) {
  if (joined.length === 0) return undefined;
  const rows = await connection.query<{ user: UserId; fingerprint: Buffer; groups: number }>({
    text: `SELECT id AS "user", sha256(identity) AS fingerprint,
                  (SELECT count(*) FROM memberships WHERE user_id = id)::integer AS groups
           FROM users WHERE id = ANY ($1::bigint[])`,
    values: [joined],
  });
  const known = new Map(rows.map((row) => [row.user, row]));
  for (const user of joined) {
    const row = known.get(user);
    if (!row) return notChanged("unknown_user", `there is no user ${user}`);
    const fingerprint = after.members.get(user)?.fingerprint;
    if (!fingerprint || !row.fingerprint.equals(fingerprint)) {
      return notChanged("invalid_change", `user ${user} has another identity`);
    }
    if (row.groups >= limits.userGroupsMax) {
      return notChanged("too_many_groups", `user ${user} is in ${row.groups} groups already`);
    }
  }
  return undefined;
}

async function saveGroup(connection: Queryable, isNew: boolean, after: Membership, seq: Seq): Promise<void> {
  const { group, epoch, keyed, length, head, settings } = after;
  const state = [group, epoch, seq, keyed, length, head];
  await connection.query(
    isNew
      ? {
          name: "group-insert",
          text: `INSERT INTO groups (id, epoch, last_seq, keyed, log_length, log_head, suite, history, expire_seconds)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
          values: [...state, settings.suite, settings.history, settings.expireSeconds],
        }
      : {
          name: "group-update",
          text: "UPDATE groups SET epoch = $2, last_seq = $3, keyed = $4, log_length = $5, log_head = $6 WHERE id = $1",
          values: state,
        },
  );
}

async function saveMembers(
  connection: Queryable,
  before: ReadonlyMap<UserId, Member>,
  { group, members }: Membership,
): Promise<void> {
  const gone = [...before.keys()].filter((user) => !members.has(user));
  if (gone.length > 0) {
    await connection.query({
      text: "DELETE FROM memberships WHERE group_id = $1 AND user_id = ANY ($2::bigint[])",
      values: [group, gone],
    });
    await connection.query({
      text: "DELETE FROM wrapped_keys WHERE group_id = $1 AND user_id = ANY ($2::bigint[])",
      values: [group, gone],
    });
  }
  const changed = [...members].filter(([user, member]) => before.get(user)?.admin !== member.admin);
  if (changed.length === 0) return;
  await connection.query({
    text: `INSERT INTO memberships (group_id, user_id, admin, fingerprint, since)
           SELECT $1, * FROM unnest($2::bigint[], $3::boolean[], $4::bytea[], $5::integer[])
           ON CONFLICT (group_id, user_id) DO UPDATE SET admin = excluded.admin`,
    values: [
      group,
      changed.map(([user]) => user),
      changed.map(([, member]) => member.admin),
      changed.map(([, member]) => member.fingerprint),
      changed.map(([, member]) => member.since),
    ],
  });
}

async function saveEntry(connection: Queryable, change: Change, seq: Seq): Promise<void> {
  const { entry } = change;
  await connection.query({
    text: `INSERT INTO messages (group_id, seq, sender_id, client_message_id, epoch, type, sent_at, payload)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
    values: [
      entry.group,
      seq,
      entry.actor,
      BigInt.asIntN(64, change.clientMessageId),
      entry.epoch,
      messageTypes.membership,
      change.sentAt,
      change.bytes,
    ],
  });
  await connection.query({
    text: "INSERT INTO membership_log (group_id, index, seq) VALUES ($1, $2, $3)",
    values: [entry.group, entry.index, seq],
  });
}

async function saveKeys(connection: Queryable, { entry, keys }: Change): Promise<void> {
  if (keys.length === 0) return;
  await connection.query({
    text: `INSERT INTO wrapped_keys (group_id, user_id, epoch, wrapped)
           SELECT $1, * FROM unnest($2::bigint[], $3::integer[], $4::bytea[])
           ON CONFLICT (group_id, user_id, epoch) DO NOTHING`,
    values: [entry.group, keys.map((key) => key.user), keys.map((key) => key.epoch), keys.map((key) => key.wrapped)],
  });
}

export interface LogEntry {
  readonly index: number;
  readonly seq: Seq;
  readonly entry: Uint8Array;
}

/** A page of a group's log from an index on. */
export async function readLog(
  database: Queryable,
  { group, from, countMax }: { group: GroupId; from: number; countMax: number },
): Promise<{ entries: LogEntry[]; length: number }> {
  const [entries, [row]] = await Promise.all([
    database.query<LogEntry>({
      name: "log-read",
      text: `SELECT l.index, l.seq, m.payload AS entry
             FROM membership_log AS l JOIN messages AS m ON m.group_id = l.group_id AND m.seq = l.seq
             WHERE l.group_id = $1 AND l.index >= $2 ORDER BY l.index LIMIT $3`,
      values: [group, from, countMax],
    }),
    database.query<{ length: number }>({
      name: "log-length",
      text: "SELECT log_length AS length FROM groups WHERE id = $1",
      values: [group],
    }),
  ]);
  return { entries, length: row?.length ?? 0 };
}

/** A page of a member's wrapped keys from an epoch on. */
export async function readKeys(
  database: Queryable,
  { group, user, from, countMax }: { group: GroupId; user: UserId; from: Epoch; countMax: number },
): Promise<{ epoch: Epoch; wrapped: Uint8Array }[]> {
  return database.query({
    name: "keys-read",
    text: `SELECT epoch, wrapped FROM wrapped_keys
           WHERE group_id = $1 AND user_id = $2 AND epoch >= $3 ORDER BY epoch LIMIT $4`,
    values: [group, user, from, countMax],
  });
}
