import type { ServerId } from "../server/bus.ts";
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

  /** Has `pick` choose by where the one before was sent, and makes that the last turn. */
  next(line: Line, pick: (after: ServerId | undefined) => RosterEntry): RosterEntry {
    const { servers, last } = this.#memory;
    const cell = lines.indexOf(line);
    for (;;) {
      const before = Atomics.load(last, cell);
      const picked = pick(servers[before - 1]);
      // A server that is none of these leaves what there was before the first. Another thread may have been quicker: then it has got on, and this one picks by what that has left.
      if (Atomics.compareExchange(last, cell, before, servers.indexOf(picked.server) + 1) === before) return picked;
    }
  }
}
