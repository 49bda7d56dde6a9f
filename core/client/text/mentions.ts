import { canonicalUserName } from "../../wire/user-name.ts";

/** An `@` and what may be a name, not within another word: an e-mail address names nobody. */
const mention = /(?<![\p{L}\p{N}_])@([\p{L}\p{N}][\p{L}\p{N}\p{M}._-]*)/gu;

/** Where in a text somebody is named, the `@` included, and by which canonical name. */
export interface Mention {
  readonly from: number;
  readonly to: number;
  readonly name: string;
}

/**
 * Where a text names the users whose canonical names are wanted: `@alice`, in any case, as a whole word. Names may hold dots
 * and hyphens, and sentences end with them: `@alice.` is alice, and `@alice.b` somebody else.
 */
export function* mentionsIn(text: string, isWanted: (canonicalName: string) => boolean): Generator<Mention, void> {
  for (const { 1: word = "", index: from } of text.matchAll(mention)) {
    for (let name = word; ; name = name.slice(0, -1)) {
      const canonical = canonicalUserName(name);
      if (canonical.ok && isWanted(canonical.value)) {
        yield { from, to: from + 1 + name.length, name: canonical.value };
        break;
      }
      if (!/[._-]$/.test(name)) break;
    }
  }
}

/** Whether a text names this user. */
export function mentions(text: string, canonicalName: string): boolean {
  const [first] = mentionsIn(text, (name) => name === canonicalName);
  return first !== undefined;
}
