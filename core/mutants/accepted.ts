/** A mutant of Stryker's with which all tests passed. */
export interface Survivor {
  readonly file: string;
  readonly line: number;
  /** The lines that it changes. */
  readonly code: string;
  /** Stryker's name of what it does, such as `StringLiteral`. */
  readonly mutator: string;
  readonly replacement: string;
}

/** Mutants that no test needs to catch, and why. */
export interface Accepted {
  /** The file, or the folder, with a slash at its end. */
  readonly in: string;
  /** A piece of the lines that they change; all lines without. */
  readonly code?: string;
  /** All mutators without. */
  readonly mutator?: string;
  readonly why: string;
}

/** The first row that accepts a survivor. */
export function acceptedBy(survivor: Survivor, rows: readonly Accepted[] = accepted): Accepted | undefined {
  return rows.find(
    ({ in: place, code = "", mutator = survivor.mutator }) =>
      (survivor.file === place || (place.endsWith("/") && survivor.file.startsWith(place))) &&
      survivor.code.includes(code) &&
      survivor.mutator === mutator,
  );
}

/** Each was read: it changes nothing that anybody could notice, or nothing that anybody was promised. */
export const accepted: readonly Accepted[] = [
  {
    in: "core/client/mail/connection.ts",
    code: "start before a login",
    why: "Only a program with a fault goes online before a login, and only its author sees the words",
  },
  {
    in: "core/client/mail/group-feed.ts",
    code: "#heard = false;",
    mutator: "BooleanLiteral",
    why: "It is set when a range is requested, and read when the range has come",
  },
  {
    in: "core/client/mail/group-feed.ts",
    code: "if (this.#held) this.#release(",
    mutator: "ConditionalExpression",
    why: "A shortcut for speed: where no frame is held, there is nothing to release",
  },
  {
    in: "core/client/mail/group-feed.ts",
    code: "if (moreBytes > 0 && ",
    mutator: "EqualityOperator",
    why: "A repeated frame of the same length has the same messages, so it does not matter which of the two is held",
  },
  {
    in: "core/client/mail/group-feed.ts",
    code: "if (held.size === 0) this.#held = undefined;",
    mutator: "ConditionalExpression",
    why: "It spares the memory of an empty table, and an empty one holds no frame",
  },
  {
    in: "loadgen/threads/thread.ts",
    why: "The program of a thread does no more than connect parts that have tests; whole loads at servers run it",
  },
  {
    in: "loadgen/threads/load-thread.ts",
    why: "It starts a thread of the system and passes on calls; whole loads at servers run it",
  },
  {
    in: "loadgen/threads/thread-calls.ts",
    why: "It hands a thread what it was started with; whole loads at servers run it",
  },
  {
    in: "loadgen/",
    code: "satisfies never",
    why: "The compiler shows that every case is dealt with, so this one never comes",
  },
  {
    in: "loadgen/",
    code: "deadline",
    mutator: "EqualityOperator",
    why: "Whether the last moment of a wait of seconds belongs to it is nobody's concern",
  },
];
