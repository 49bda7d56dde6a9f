import type { ServerId } from "../../server/bus.ts";
import type { ServerLoad } from "../../wire/link-frame.ts";

/** A server as the others know it. */
export interface RosterEntry {
  readonly server: ServerId;
  /** Where clients reach it. */
  readonly url: string;
  readonly load: ServerLoad;
}

/** A server that has said nothing for this long is gone. */
export const silenceMsMax = 2000;
export const heartbeatPeriodMs = 500;

interface Heard {
  readonly entry: RosterEntry;
  readonly atMs: number;
  /** Clients sent there since: the heartbeat does not count them yet. */
  sent: number;
}

/** Who is there and how busy, from heartbeats: possibly stale, never more than {@link silenceMsMax} behind. */
export class Roster {
  readonly #heard = new Map<ServerId, Heard>();

  heard(entry: RosterEntry, nowMs: number): void {
    this.#heard.set(entry.server, { entry, atMs: nowMs, sent: 0 });
  }

  gone(server: ServerId): void {
    this.#heard.delete(server);
  }

  /** A client that stays was sent to this server. */
  sent(server: ServerId): void {
    const heard = this.#heard.get(server);
    if (heard) heard.sent++;
  }

  /** Servers that take clients, in the order of their names, connections counted as well as is known. */
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
