import { itemAt } from "../platform/item-at.ts";
import type { Epoch, GroupId, Seq, UserId } from "../wire/ids.ts";
import type { Queryable } from "./database.ts";

/** A group as a server keeps it in memory while a member of it is connected there. */
export interface GroupRecord {
  readonly id: GroupId;
  readonly epoch: Epoch;
  readonly lastSeq: Seq;
  readonly logLength: number;
  /** In the order of their ids, without their roles, which only changes need. */
  readonly members: readonly UserId[];
}

/** The groups as they are at one moment. Groups that do not exist are left out. */
export async function loadGroups(database: Queryable, ids: readonly GroupId[]): Promise<GroupRecord[]> {
  return database.query<GroupRecord>({
    name: "groups-load",
    text: `SELECT id, epoch, last_seq AS "lastSeq", log_length AS "logLength",
                  ARRAY(SELECT user_id FROM memberships WHERE group_id = id ORDER BY user_id) AS members
           FROM groups WHERE id = ANY ($1::bigint[])`,
    values: [ids],
  });
}

export interface GroupOfUser {
  readonly user: UserId;
  readonly group: GroupId;
  readonly readSeq: Seq;
}

export async function groupsOfUsers(database: Queryable, users: readonly UserId[]): Promise<GroupOfUser[]> {
  return database.query<GroupOfUser>({
    name: "groups-of-users",
    text: `SELECT user_id AS "user", group_id AS "group", read_seq AS "readSeq"
           FROM memberships WHERE user_id = ANY ($1::bigint[])`,
    values: [users],
  });
}

/** How far a group is. */
export interface GroupProgress {
  readonly id: GroupId;
  readonly lastSeq: Seq;
  readonly logLength: number;
}

/** Those of the groups that are further than the caller believes. */
export async function groupsAhead(database: Queryable, believed: readonly GroupProgress[]): Promise<GroupProgress[]> {
  return database.query<GroupProgress>({
    name: "groups-ahead",
    text: `SELECT g.id, g.last_seq AS "lastSeq", g.log_length AS "logLength"
           FROM unnest($1::bigint[], $2::bigint[], $3::integer[]) AS believed (id, seq, length)
           JOIN groups AS g ON g.id = believed.id
           WHERE g.last_seq > believed.seq OR g.log_length > believed.length`,
    values: [believed.map((g) => g.id), believed.map((g) => g.lastSeq), believed.map((g) => g.logLength)],
  });
}

/** The admissions to groups since a moment, and the time of the question: both by the database's clock. */
export async function joinedSince(
  database: Queryable,
  since: Date,
): Promise<{ readonly admissions: readonly { user: UserId; group: GroupId }[]; readonly asked: Date }> {
  const rows = await database.query<{ asked: Date; user: UserId | null; group: GroupId | null }>({
    name: "joined-since",
    text: `SELECT clock.now AS asked, user_id AS "user", group_id AS "group"
           FROM (SELECT now()) AS clock LEFT JOIN memberships ON joined_at >= $1`,
    values: [since],
  });
  const admissions = rows.flatMap(({ user, group }) => (user === null || group === null ? [] : [{ user, group }]));
  return { admissions, asked: itemAt(rows, 0).asked };
}
