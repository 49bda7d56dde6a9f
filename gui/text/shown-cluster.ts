import stringWidth from "string-width";

/** A user-perceived character (UAX #29) as it is drawn, and its columns; only syllables have more than 2. */
export interface ShownCluster {
  readonly shown: string;
  readonly columns: number;
}

const known = new Map<string, ShownCluster>();
const knownMax = 10_000;

/**
 * What is drawn of a cluster, so that every terminal gives it the width that is counted here. Terminals agree on single
 * characters, and on combining marks without a width; they do not agree on joined families, flags, skin tones, keycaps and
 * variation selectors. Of these only the first character is drawn, of a flag its two letters.
 */
export function shownCluster(cluster: string): ShownCluster {
  const before = known.get(cluster);
  if (before) return before;
  const shown = drawn(cluster.normalize("NFC"));
  const made = { shown, columns: columnsOfCharacters(shown) };
  if (known.size >= knownMax) known.clear();
  known.set(cluster, made);
  return made;
}

/**
 * The parts of a syllable that is wider than the two columns of a wide cell, as some of India and Burma are: each letter with
 * the marks on it.
 */
export function partsOf(cluster: string): ShownCluster[] {
  const parts: string[] = [];
  for (const character of cluster) {
    if (parts.length > 0 && columnsOfCharacters(character) === 0) parts[parts.length - 1] += character;
    else parts.push(character);
  }
  return parts.map((shown) => ({ shown, columns: columnsOfCharacters(shown) }));
}

/** A mark beside its letter takes a column, as terminals and wcwidth count; a mark on the letter takes none. */
function columnsOfCharacters(text: string): number {
  let columns = 0;
  for (const character of text) {
    if (!/^[\p{Mn}\p{Me}]$/u.test(character))
      columns += stringWidth(character, { countAnsiEscapeCodes: true }) || besides(character);
  }
  return columns;
}

const besides = (character: string) => (/^\p{Mc}$/u.test(character) ? 1 : 0);

function drawn(cluster: string): string {
  if (/^.$/su.test(cluster)) return invisible.test(cluster) ? "" : cluster;
  if (flag.test(cluster)) return lettersOf(cluster);
  // A character with combining marks, or with letters that such marks join to it.
  if (marked.test(cluster)) return cluster.slice(0, unitsMax);
  const [first = ""] = cluster;
  return invisible.test(first) ? "" : first;
}

/** A cell holds at most this many UTF-16 units: hundreds of marks on a letter are an attack. */
const unitsMax = 8;
const flag = /^\p{RI}\p{RI}$/u;
const marked = /^[\p{L}\p{N}\p{P}\p{S}](?:(?!\p{Variation_Selector}|\u20e3)[\p{M}\p{Lo}])+$/u;
const invisible = /^[\p{Mn}\p{Me}\p{Cf}]$/u;

/** 🇩🇪 is drawn as D and E, in one column each: together as wide as a flag. */
function lettersOf(cluster: string): string {
  return Array.from(cluster, (indicator) => String.fromCodePoint((indicator.codePointAt(0) ?? 0) - 0x1f1e6 + 65)).join(
    "",
  );
}
