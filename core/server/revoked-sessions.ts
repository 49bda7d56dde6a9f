import type { Database } from "../store/database.ts";
import { revokedSessions } from "../store/sessions.ts";

/** Look back this far when asking for news, for what was committed late or stamped by another clock. */
const overlapMs = 60_000;

/** The sessions whose tokens resume nothing any more although they have not expired, in memory. */
export class RevokedSessions {
  readonly #ids = new Set<string>();
  #knownUntil = new Date(0);

  has(session: Uint8Array): boolean {
    return this.#ids.has(key(session));
  }

  add(session: Uint8Array): void {
    this.#ids.add(key(session));
  }

  /** Reads what was revoked since the last time, on any server. */
  async refresh(database: Database, now: number): Promise<void> {
    for (const session of await revokedSessions(database, this.#knownUntil)) this.add(session);
    this.#knownUntil = new Date(now - overlapMs);
  }
}

const key = (session: Uint8Array) => Buffer.from(session).toString("base64");
