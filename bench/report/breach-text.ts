import type { Breach } from "../document/document.ts";

/** A broken promise in one line: which one, how, and the messages concerned. */
export function breachText({ promise, what, group, seq, client }: Breach): string {
  const where = [
    `group ${group}`,
    seq === undefined ? "" : `message ${seq}`,
    client === undefined ? "" : `client ${client}`,
  ];
  const name = promise === null ? "members can read" : `promise ${promise} (${promiseNames[promise]})`;
  return `${name}: ${what} [${where.filter((part) => part !== "").join(", ")}]`;
}

const promiseNames: Readonly<Record<number, string>> = {
  1: "acknowledged is durable",
  2: "one order",
  3: "exactly once",
  4: "members only",
  8: "a sender's own order is kept",
};
