import type { UserId } from "../wire/ids.ts";
import type { DatabaseAccess, Queryable } from "./database.ts";
import { insertSession, revokeOtherSessions, type SessionRecord } from "./sessions.ts";

export interface NewUser {
  /** In canonical form. */
  readonly name: string;
  /** What OPAQUE derives the user's server key from. */
  readonly credential: string;
  readonly record: Uint8Array;
  readonly identity: Uint8Array;
  /** The account secret, sealed under the password. */
  readonly backup?: Uint8Array | undefined;
}

/** What a login needs to know. */
export interface UserCredential {
  readonly id: UserId;
  readonly name: string;
  readonly credential: string;
  readonly record: Uint8Array;
}

export interface KnownUser {
  readonly id: UserId;
  readonly name: string;
  readonly identity: Uint8Array;
}

/** The new user's id; undefined when the name is taken. */
export async function insertUser(database: Queryable, user: NewUser): Promise<UserId | undefined> {
  const [row] = await database.query<{ id: UserId }>({
    text: `INSERT INTO users (name, credential, record, identity, backup) VALUES ($1, $2, $3, $4, $5)
           ON CONFLICT (name) DO NOTHING RETURNING id`,
    values: [user.name, user.credential, user.record, user.identity, user.backup ?? null],
  });
  return row?.id;
}

/**
 * Inserts a new user with their first session: both or neither. Undefined when another user has the name. When a commit's
 * answer was lost, the caller may try again under the same session id, which nobody else can know, and gets the id that the
 * user then has.
 */
export async function insertUserWithSession(
  database: DatabaseAccess,
  user: NewUser,
  session: Omit<SessionRecord, "user">,
): Promise<UserId | undefined> {
  return database.transaction(async (connection) => {
    const id = await insertUser(connection, user);
    if (id !== undefined) {
      await insertSession(connection, { ...session, user: id });
      return id;
    }
    const [kept] = await connection.query<{ id: UserId }>({
      text: "SELECT u.id FROM users AS u JOIN sessions AS s ON s.user_id = u.id WHERE u.name = $1 AND s.id = $2",
      values: [user.name, session.id],
    });
    return kept?.id;
  });
}

export async function findCredential(database: Queryable, name: string): Promise<UserCredential | undefined> {
  const [row] = await database.query<UserCredential>({
    name: "user-credential",
    text: "SELECT id, name, credential, record FROM users WHERE name = $1",
    values: [name],
  });
  return row;
}

/** What OPAQUE derives this user's server key from. */
export async function credentialOf(database: Queryable, user: UserId): Promise<string | undefined> {
  const [row] = await database.query<{ credential: string }>({
    text: "SELECT credential FROM users WHERE id = $1",
    values: [user],
  });
  return row?.credential;
}

/** The users with these names or ids that exist, in any order. */
export async function findUsers(
  database: Queryable,
  { names = [], ids = [] }: { readonly names?: readonly string[]; readonly ids?: readonly UserId[] },
): Promise<KnownUser[]> {
  return database.query<KnownUser>({
    name: "users-find",
    text: "SELECT id, name, identity FROM users WHERE name = ANY ($1::text[]) OR id = ANY ($2::bigint[])",
    values: [names, ids],
  });
}

export async function readBackup(database: Queryable, user: UserId): Promise<Uint8Array | null> {
  const [row] = await database.query<{ backup: Uint8Array | null }>({
    text: "SELECT backup FROM users WHERE id = $1",
    values: [user],
  });
  return row?.backup ?? null;
}

export async function saveBackup(database: Queryable, user: UserId, backup: Uint8Array): Promise<void> {
  await database.query({ text: "UPDATE users SET backup = $2 WHERE id = $1", values: [user, backup] });
}

/**
 * Saves a new password's record and the backup that is sealed under it, and ends the user's other sessions: all or nothing.
 * Answers the ids of the sessions that it ended.
 */
export async function savePassword(
  database: DatabaseAccess,
  user: UserId,
  {
    record,
    backup,
    session,
  }: { readonly record: Uint8Array; readonly backup: Uint8Array; readonly session: Uint8Array },
): Promise<Uint8Array[]> {
  return database.transaction(async (connection) => {
    await connection.query({
      text: "UPDATE users SET record = $2, backup = $3 WHERE id = $1",
      values: [user, record, backup],
    });
    return revokeOtherSessions(connection, user, session);
  });
}
