import stringWidth from "string-width";

/** A user-perceived character (UAX #29) as it is drawn, and the columns that this takes; more than 2 only syllables do. */
export interface ShownCluster {
  readonly shown: string;
  readonly columns: number;
}

const known = new Map<string, ShownCluster>();
const knownMax = 10_000;

/**
 * What is drawn of a cluster: something that every terminal takes for as wide as it is counted. Terminals agree on single
 * characters, and on marks that take no room of their own; not on joined families, flags, skin tones, keycaps and variation
 * selectors. Of these the character that the others modify is shown, of a flag its two letters.
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
 * A syllable that takes more columns than the two of a wide cell, as some of India and Burma do, in parts that fit: letters,
 * each with the marks on it.
 */
export function partsOf(cluster: string): ShownCluster[] {
  const parts: string[] = [];
  for (const character of cluster) {
    if (parts.length > 0 && columnsOfCharacters(character) === 0) parts[parts.length - 1] += character;
    else parts.push(character);
  }
  return parts.map((shown) => ({ shown, columns: columnsOfCharacters(shown) }));
}

/** Marks that stand beside their letter take a column, as terminals count (and wcwidth); those on it take none. */
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
  // Marks behind what they stand on, and letters that these join to it: é from another alphabet than ours.
  if (marked.test(cluster)) return cluster.slice(0, unitsMax);
  const [first = ""] = cluster;
  return invisible.test(first) ? "" : first;
}

/** As many UTF-16 units a cell may hold: text with hundreds of marks on a letter is there to hurt. */
const unitsMax = 8;
const flag = /^\p{RI}\p{RI}$/u;
const marked = /^[\p{L}\p{N}\p{P}\p{S}](?:(?!\p{Variation_Selector}|\u20e3)[\p{M}\p{Lo}])+$/u;
const invisible = /^[\p{Mn}\p{Me}\p{Cf}]$/u;

/** 🇩🇪 is written D, E: one column each, and so two as a flag would take. */
function lettersOf(cluster: string): string {
  return Array.from(cluster, (indicator) => String.fromCodePoint((indicator.codePointAt(0) ?? 0) - 0x1f1e6 + 65)).join(
    "",
  );
}
