import { itemAt } from "../platform/item-at.ts";
import type { UserId } from "../wire/ids.ts";
import type { Queryable } from "./database.ts";

/** A login. Its token resumes it until the session expires or is revoked. */
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

/**
 * Sessions that were revoked at or after `since` and have not expired, for a server to keep in memory; and the time of the
 * question. Both are by the database's clock.
 */
export async function revokedSessions(
  database: Queryable,
  since: Date,
): Promise<{ readonly sessions: readonly Omit<SessionRecord, "user">[]; readonly asked: Date }> {
  const rows = await database.query<{ asked: Date; id: Uint8Array | null; expiresAt: Date }>({
    name: "sessions-revoked",
    text: `SELECT clock.now AS asked, id, expires_at AS "expiresAt"
           FROM (SELECT now()) AS clock LEFT JOIN sessions ON revoked_at >= $1 AND expires_at > clock.now`,
    values: [since],
  });
  const sessions = rows.flatMap(({ id, expiresAt }) => (id === null ? [] : [{ id, expiresAt }]));
  return { sessions, asked: itemAt(rows, 0).asked };
}

/** Deletes sessions that have expired. */
export async function removeExpiredSessions(database: Queryable, now: Date): Promise<void> {
  await database.query({ text: "DELETE FROM sessions WHERE expires_at < $1", values: [now] });
}

/** Ends all sessions of a user but one; answers their ids. */
export async function revokeOtherSessions(database: Queryable, user: UserId, kept: Uint8Array): Promise<Uint8Array[]> {
  const rows = await database.query<{ id: Uint8Array }>({
    text: `UPDATE sessions SET revoked_at = now()
           WHERE user_id = $1 AND id <> $2 AND revoked_at IS NULL AND expires_at > now() RETURNING id`,
    values: [user, kept],
  });
  return rows.map(({ id }) => id);
}
