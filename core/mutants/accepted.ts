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
export const accepted: readonly Accepted[] = [];
