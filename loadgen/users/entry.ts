/** How a user gets in: with an account that they make, or with one that exists. */
export type Entry = "signUp" | "logIn";

/** A user's try to get in. */
export interface Try {
  readonly entry: Entry;
  /** How many tries there were, this one included. */
  readonly number: number;
  /** Whether an earlier sign-up may have been carried out: its answer got lost, or came too late. */
  readonly mayBeSignedUp: boolean;
}

const triesMax = 20;
/** Codes after which nobody knows whether a server has done what it was asked for. */
const unanswered: ReadonlySet<string> = new Set(["offline", "timeout"]);

export const firstTry = (entry: Entry): Try => ({ entry, number: 1, mayBeSignedUp: false });

/**
 * The try after one that was refused with this code; undefined where another one would not help. A sign-up without an answer may have made
 * the account: then a later one finds the name taken, and the user logs in.
 */
export function nextTry({ entry, number, mayBeSignedUp }: Try, code: string): Try | undefined {
  if (number >= triesMax) return undefined;
  const next = { entry, number: number + 1, mayBeSignedUp: mayBeSignedUp || unanswered.has(code) };
  if (code === "busy" || unanswered.has(code)) return next;
  return code === "name_taken" && entry === "signUp" && mayBeSignedUp ? { ...next, entry: "logIn" } : undefined;
}
