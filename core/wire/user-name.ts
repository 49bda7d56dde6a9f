import { accepted, type Parsed, refused } from "../platform/result.ts";
import { limits } from "./limits.ts";
import { isNameCharacter } from "./name-characters.ts";

/**
 * A name's canonical form: case folded and NFKC normalised, so that `Ａlice`, `ALICE` and `alice` are one
 * user. Letters and digits of any script with their marks, and `.`, `_`, `-` after the first character. Servers and clients
 * whose engines know different versions of Unicode agree, since what is newer than one version is refused.
 *
 * Lower, upper and lower case again folds what has no single form in the other case (`ẞ`, `ß` and `SS`), close to Unicode's
 * full case folding.
 */
export function canonicalUserName(name: string): Parsed<string> {
  if (name.length > 4 * limits.userNameLengthMax) return refused(nameRule);
  const folded = name.normalize("NFKC").toLowerCase().toUpperCase().toLowerCase().normalize("NFKC");
  const characters = Array.from(folded);
  const isAllowed =
    allowed.test(folded) && characters.every((of) => punctuation.has(of) || isNameCharacter(of.codePointAt(0) ?? 0));
  return characters.length <= limits.userNameLengthMax && isAllowed ? accepted(folded) : refused(nameRule);
}

const allowed = /^[\p{L}\p{N}][\p{L}\p{N}\p{M}._-]*$/u;
const punctuation: ReadonlySet<string> = new Set([".", "_", "-"]);

export const nameRule = `a user name has 1 to ${limits.userNameLengthMax} letters or digits of any script; dot, underscore and hyphen may follow the first`;
