import type { ServerId } from "../../server/bus.ts";
import type { ServerLoad } from "../../wire/link-frame.ts";

/** A server as the others know it. */
export interface RosterEntry {
  readonly server: ServerId;
  /** Where clients reach it. */
  readonly url: string;
  readonly load: ServerLoad;
}

/** A server without a heartbeat for this long counts as gone. */
export const silenceMsMax = 2000;
export const heartbeatPeriodMs = 500;

interface Heard {
  readonly entry: RosterEntry;
  readonly atMs: number;
  /** Clients that were sent there since that heartbeat, which does not count them. */
  sent: number;
}

/** The servers and their loads, from heartbeats: possibly stale, never by more than {@link silenceMsMax}. */
export class Roster {
  readonly #heard = new Map<ServerId, Heard>();

  heard(entry: RosterEntry, nowMs: number): void {
    this.#heard.set(entry.server, { entry, atMs: nowMs, sent: 0 });
  }

  gone(server: ServerId): void {
    this.#heard.delete(server);
  }

  /** A client was sent to this server, to stay. */
  sent(server: ServerId): void {
    const heard = this.#heard.get(server);
    if (heard) heard.sent++;
  }

  /**
   * The servers that take clients, in the order of their names; clients that were sent since the last heartbeat are counted.
   */
  available(nowMs: number): RosterEntry[] {
    const entries: RosterEntry[] = [];
    for (const [server, { entry, atMs, sent }] of this.#heard) {
      if (nowMs - atMs > silenceMsMax) this.#heard.delete(server);
      else if (!entry.load.draining) {
        entries.push({ ...entry, load: { ...entry.load, connections: entry.load.connections + sent } });
      }
    }
    return entries.sort((a, b) => (a.server < b.server ? -1 : 1));
  }
}
