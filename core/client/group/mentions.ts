import { canonicalUserName } from "../../wire/user-name.ts";

/** An `@` and what may be a name, not within another word: an e-mail address names nobody. */
const mention = /(?<![\p{L}\p{N}_])@([\p{L}\p{N}][\p{L}\p{N}\p{M}._-]*)/gu;

/**
 * Whether a text names this user: `@alice`, in any case, as a whole word. Names may hold dots and hyphens, and sentences
 * end with them: `@alice.` is alice, and `@alice.b` somebody else.
 */
export function mentions(text: string, canonicalName: string): boolean {
  for (const [, word = ""] of text.matchAll(mention)) {
    for (let name = word; ; name = name.slice(0, -1)) {
      const canonical = canonicalUserName(name);
      if (canonical.ok && canonical.value === canonicalName) return true;
      if (!/[._-]$/.test(name)) break;
    }
  }
  return false;
}
