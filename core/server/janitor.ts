import type { Clock } from "../platform/clock.ts";
import { messageOf } from "../platform/failure.ts";
import type { Log } from "../platform/log.ts";
import { removeStaleAttachments } from "../store/attachments.ts";
import type { Database } from "../store/database.ts";
import { expireMessages, expiringGroups } from "../store/expiry.ts";
import { removeExpiredSessions } from "../store/sessions.ts";

/** An upload that has not ended after this long is given up. */
const uploadMsMax = 24 * 3600 * 1000;

/**
 * Deletes what has expired: messages of groups whose messages expire, their files, sessions, and uploads that were given up.
 * Every server has one; when two work at once, the second only finds less to delete.
 */
export class Janitor {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #log: Log;
  #running = false;

  constructor(parts: { database: Database; clock: Clock; log: Log }) {
    this.#database = parts.database;
    this.#clock = parts.clock;
    this.#log = parts.log;
  }

  async run(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    try {
      const now = this.#clock.now();
      for (const { id, expireSeconds } of await expiringGroups(this.#database)) {
        await expireMessages(this.#database, id, now - expireSeconds * 1000);
      }
      await removeExpiredSessions(this.#database, new Date(now));
      while ((await removeStaleAttachments(this.#database, { now: new Date(now), uploadMsMax })) > 0);
    } catch (cause) {
      this.#log.debug({ cause: messageOf(cause) }, "what has expired could not be deleted; trying again later");
    } finally {
      this.#running = false;
    }
  }
}
