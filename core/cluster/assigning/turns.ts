import type { ServerId } from "../../server/bus.ts";
import type { RosterEntry } from "./roster.ts";

/** Who is served in turn: clients that stay, and visits, which end soon and must take no client's turn. */
const lines = ["clients", "visits"] as const;
export type Line = (typeof lines)[number];

/** What the threads of a process share of the turns. */
export interface TurnsMemory {
  readonly servers: readonly ServerId[];
  /** For each line 1 + the index of the server whose turn it was last, or 0 before the first. */
  readonly last: Int32Array;
}

export function turnsMemory(servers: readonly ServerId[]): TurnsMemory {
  return { servers, last: new Int32Array(new SharedArrayBuffer(4 * lines.length)) };
}

/** Whose turn it was last, as one order for all threads of a process: whichever of them is asked, the next is the next. */
export class Turns {
  readonly #memory: TurnsMemory;

  constructor(memory: TurnsMemory) {
    this.#memory = memory;
  }

  /**
   * Gives a client the next turn of its line: `pick` chooses its server, and is told which server had the turn before
   * (undefined before the first turn). `pick` may be called again when another thread was quicker.
   */
  next(line: Line, pick: (after: ServerId | undefined) => RosterEntry): RosterEntry {
    const { servers, last } = this.#memory;
    const cell = lines.indexOf(line);
    for (;;) {
      const before = Atomics.load(last, cell);
      const picked = pick(servers[before - 1]);
      // A server that is not in the list has the index -1, and so 0 is kept: the line begins anew, as before the first turn.
      // If another thread has taken the turn meanwhile, the exchange fails, and this one picks again by what that thread left.
      if (Atomics.compareExchange(last, cell, before, servers.indexOf(picked.server) + 1) === before) return picked;
    }
  }
}
