import { isDeepStrictEqual } from "node:util";
import { shown } from "./shown.ts";

/** The server did not do what PROTOCOL.md promises: what was expected, and what came instead. */
export class Unmet extends Error {
  readonly expected: string;
  readonly came: string;

  constructor(expected: string, came: string) {
    super(`expected ${expected}; came ${came}`);
    this.name = "Unmet";
    this.expected = expected;
    this.came = came;
  }
}

/** The case says nothing about this server: for what reason. */
export class Skipped extends Error {}

export function skip(reason: string): never {
  throw new Skipped(reason);
}

export function expectThat(holds: boolean, expected: string, came: unknown): asserts holds {
  if (!holds) throw new Unmet(expected, typeof came === "string" ? came : shown(came));
}

/** Byte strings are equal when their bytes are, whatever array holds them. */
export function expectEqual(what: string, came: unknown, expected: unknown): void {
  if (isDeepStrictEqual(plain(came), plain(expected))) return;
  throw new Unmet(`${what}: ${shown(expected)}`, shown(came));
}

function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return new Uint8Array(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, of]) => [key, plain(of)]));
}
