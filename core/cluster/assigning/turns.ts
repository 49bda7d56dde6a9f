import type { ServerId } from "../../server/bus.ts";
import type { RosterEntry } from "./roster.ts";

/** Clients that stay and visits, which end soon, have turns of their own: so a visit takes no client's turn. */
const lines = ["clients", "visits"] as const;
export type Line = (typeof lines)[number];

/** What the threads of a process share of the turns. */
export interface TurnsMemory {
  readonly servers: readonly ServerId[];
  /** For each line: 1 + the index of the server that had the last turn, or 0 before the first turn. */
  readonly last: Int32Array;
}

export function turnsMemory(servers: readonly ServerId[]): TurnsMemory {
  return { servers, last: new Int32Array(new SharedArrayBuffer(4 * lines.length)) };
}

/** Gives turns in one order for all threads of a process: whichever of them is asked, the next client gets the next turn. */
export class Turns {
  readonly #memory: TurnsMemory;

  constructor(memory: TurnsMemory) {
    this.#memory = memory;
  }

  /**
   * Gives a client the next turn of its line: `pick` chooses its server by the one that had the turn before (undefined before
   * the first turn). `pick` is called again when another thread was quicker.
   */
  next(line: Line, pick: (after: ServerId | undefined) => RosterEntry): RosterEntry {
    const { servers, last } = this.#memory;
    const cell = lines.indexOf(line);
    for (;;) {
      const before = Atomics.load(last, cell);
      const picked = pick(servers[before - 1]);
      // For a server that is not in the list, whose index is -1, 0 is stored: the line begins anew, as before the first turn.
      // If another thread has taken the turn meanwhile, the exchange fails, and this one picks again.
      if (Atomics.compareExchange(last, cell, before, servers.indexOf(picked.server) + 1) === before) return picked;
    }
  }
}
