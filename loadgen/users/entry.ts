/** How a user gets in: with an account that they make, or with one that exists. */
export type Entry = "signUp" | "logIn";

const triesMax = 20;
const passing: ReadonlySet<string> = new Set(["busy", "offline", "timeout"]);

/**
 * How a user tries once more after so many tries, the last of which was refused with this code; undefined where another try would
 * not help. A sign-up whose answer got lost or came too late has made the account: the next one finds its name taken, and then
 * the user logs in.
 */
export function nextEntry(last: Entry, tries: number, code: string): Entry | undefined {
  if (tries >= triesMax) return undefined;
  if (last === "signUp" && tries > 1 && code === "name_taken") return "logIn";
  return passing.has(code) ? last : undefined;
}
