import type { Cancel, Clock } from "../../platform/clock.ts";
import type { Random } from "../../platform/random.ts";

/** Proxies end connections over which nothing came for a minute, and some after half of one. */
const pingSecondsMax = 25;

/**
 * The seconds between two pings of a connection, at least and at most: so few that a connection which may be silent for
 * `idleSecondsMax` is asked twice before it is closed.
 */
export function pingSeconds(idleSecondsMax: number): { readonly min: number; readonly max: number } {
  const max = Math.min(pingSecondsMax, Math.floor((idleSecondsMax * 5) / 12));
  return { min: Math.ceil(max * 0.6), max };
}

export interface PingParts<Socket> {
  readonly clock: Clock;
  readonly random: Random;
  /** A connection over which nothing comes for this long is closed. */
  readonly idleSecondsMax: number;
  ping(socket: Socket): void;
}

/**
 * Has each connection pinged every few seconds ({@link pingSeconds}), each time after another pause: connections that were made in one
 * moment are soon pinged in different ones.
 */
export class Pings<Socket> {
  readonly #parts: PingParts<Socket>;
  readonly #seconds: { readonly min: number; readonly max: number };
  /** The connections that are pinged in each of the coming seconds, in a ring; `#at` is the place of the next one. */
  readonly #ring: Set<Socket>[];
  readonly #cancel: Cancel;
  #at = 0;

  constructor(parts: PingParts<Socket>) {
    this.#parts = parts;
    this.#seconds = pingSeconds(parts.idleSecondsMax);
    this.#ring = Array.from({ length: this.#seconds.max }, () => new Set());
    this.#cancel = parts.clock.every(1000, () => this.#next());
  }

  /** Pings a connection from now on. */
  add(socket: Socket): void {
    const { min, max } = this.#seconds;
    const pause = min + this.#parts.random.below(max - min + 1);
    this.#ring[(this.#at + pause - 1) % max]?.add(socket);
  }

  /** A connection has ended. */
  delete(socket: Socket): void {
    for (const due of this.#ring) if (due.delete(socket)) return;
  }

  stop(): void {
    this.#cancel();
  }

  #next(): void {
    const due = this.#ring[this.#at];
    this.#ring[this.#at] = new Set();
    this.#at = (this.#at + 1) % this.#seconds.max;
    for (const socket of due ?? []) {
      this.add(socket);
      this.#parts.ping(socket);
    }
  }
}
