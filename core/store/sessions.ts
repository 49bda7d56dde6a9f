import type { UserId } from "../wire/ids.ts";
import type { Queryable } from "./database.ts";

/** A login that its token may resume until it expires or is revoked. */
export interface SessionRecord {
  readonly id: Uint8Array;
  readonly user: UserId;
  readonly expiresAt: Date;
}

export async function insertSession(database: Queryable, session: SessionRecord): Promise<void> {
  await database.query({
    name: "session-insert",
    text: "INSERT INTO sessions (id, user_id, expires_at) VALUES ($1, $2, $3)",
    values: [session.id, session.user, session.expiresAt],
  });
}

export async function revokeSession(database: Queryable, id: Uint8Array): Promise<void> {
  await database.query({ text: "UPDATE sessions SET revoked_at = now() WHERE id = $1", values: [id] });
}

/** Sessions revoked at or after `since` whose tokens would still be good: a server keeps them in memory. */
export async function revokedSessions(database: Queryable, since: Date): Promise<Uint8Array[]> {
  const rows = await database.query<{ id: Uint8Array }>({
    name: "sessions-revoked",
    text: "SELECT id FROM sessions WHERE revoked_at >= $1 AND expires_at > now()",
    values: [since],
  });
  return rows.map(({ id }) => id);
}
