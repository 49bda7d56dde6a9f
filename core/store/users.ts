import type { UserId } from "../wire/ids.ts";
import { type Queryable, sqlState, uniqueViolation } from "./database.ts";

export interface NewUser {
  /** Canonical. */
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
  try {
    const [row] = await database.query<{ id: UserId }>({
      text: "INSERT INTO users (name, credential, record, identity, backup) VALUES ($1, $2, $3, $4, $5) RETURNING id",
      values: [user.name, user.credential, user.record, user.identity, user.backup ?? null],
    });
    return row?.id;
  } catch (cause) {
    if (sqlState(cause) === uniqueViolation) return undefined;
    throw cause;
  }
}

export async function findCredential(database: Queryable, name: string): Promise<UserCredential | undefined> {
  const [row] = await database.query<UserCredential>({
    name: "user-credential",
    text: "SELECT id, name, credential, record FROM users WHERE name = $1",
    values: [name],
  });
  return row;
}

/** What OPAQUE derives a user's server key from. */
export async function credentialOf(database: Queryable, user: UserId): Promise<string | undefined> {
  const [row] = await database.query<{ credential: string }>({
    text: "SELECT credential FROM users WHERE id = $1",
    values: [user],
  });
  return row?.credential;
}

/** Those that exist, in any order. */
export async function findUsers(
  database: Queryable,
  by: { readonly names?: readonly string[]; readonly ids?: readonly UserId[] },
): Promise<KnownUser[]> {
  return database.query<KnownUser>({
    name: "users-find",
    text: "SELECT id, name, identity FROM users WHERE name = ANY ($1::text[]) OR id = ANY ($2::bigint[])",
    values: [by.names ?? [], by.ids ?? []],
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

/** A new password, and what was sealed under the old one sealed anew: both or neither. */
export async function savePassword(
  database: Queryable,
  user: UserId,
  { record, backup }: { readonly record: Uint8Array; readonly backup: Uint8Array },
): Promise<void> {
  await database.query({
    text: "UPDATE users SET record = $2, backup = $3 WHERE id = $1",
    values: [user, record, backup],
  });
}
