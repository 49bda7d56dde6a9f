import type { UserId } from "../wire/ids.ts";
import { type Queryable, sqlState, uniqueViolation } from "./database.ts";

export interface NewUser {
  /** Canonical. */
  readonly name: string;
  /** What OPAQUE derives the user's server key from. */
  readonly credential: string;
  readonly record: Uint8Array;
  readonly identity: Uint8Array;
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
      text: "INSERT INTO users (name, credential, record, identity) VALUES ($1, $2, $3, $4) RETURNING id",
      values: [user.name, user.credential, user.record, user.identity],
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
