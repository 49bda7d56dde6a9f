import type { Clock } from "../../platform/clock.ts";
import type { Queryable } from "../../store/database.ts";
import { revokedSessions } from "../../store/sessions.ts";
import type { Session } from "./session.ts";
import type { UserDirectory } from "./user-directory.ts";

/** Each reading begins this long before the last one, since a transaction may commit late. */
const overlapMs = 60_000;

/** The sessions, in memory, that were ended although their tokens have not expired. */
export class RevokedSessions {
  /** When each session expires by itself, in milliseconds since the Unix epoch. */
  readonly #expiries = new Map<string, number>();
  readonly #lifetimeMs: number;
  #knownUntil = new Date(0);

  constructor(lifetimeMs: number) {
    this.#lifetimeMs = lifetimeMs;
  }

  has(session: Uint8Array): boolean {
    return this.#expiries.has(key(session));
  }

  /** Adds a session that was revoked just now; its token expires after a lifetime at the latest. */
  add(session: Uint8Array, now: number): void {
    this.#expiries.set(key(session), now + this.#lifetimeMs);
  }

  /**
   * Reads the sessions that were revoked since the last reading, by any server, and forgets expired ones; answers those that
   * are new.
   */
  async refresh(database: Queryable, now: number): Promise<Uint8Array[]> {
    const news: Uint8Array[] = [];
    const { sessions, asked } = await revokedSessions(database, this.#knownUntil);
    for (const { id, expiresAt } of sessions) {
      if (!this.has(id)) news.push(id);
      this.#expiries.set(key(id), expiresAt.getTime());
    }
    for (const [session, expiresAt] of this.#expiries) if (expiresAt < now) this.#expiries.delete(session);
    this.#knownUntil = new Date(asked.getTime() - overlapMs);
    return news;
  }
}

/**
 * Ends a session, which was ended here or at another server: its token resumes nothing from now on, and each of its
 * connections is closed, except `kept`, the connection whose user asked for it.
 */
export function endSession(
  { revoked, users, clock }: { revoked: RevokedSessions; users: UserDirectory; clock: Clock },
  id: Uint8Array,
  kept?: Session,
): void {
  revoked.add(id, clock.now());
  for (const session of users.all()) {
    if (session !== kept && session.isOfSession(id)) session.end("token_invalid", "this session was ended");
  }
}

const key = (session: Uint8Array) => Buffer.from(session).toString("latin1");
