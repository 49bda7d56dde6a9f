import stringWidth from "string-width";

/** A user-perceived character (UAX #29) as it is drawn, and the columns that this takes: 0, 1 or 2. */
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
  const made = { shown, columns: Math.min(2, stringWidth(shown, { countAnsiEscapeCodes: true })) };
  if (known.size >= knownMax) known.clear();
  known.set(cluster, made);
  return made;
}

function drawn(cluster: string): string {
  if (/^.$/su.test(cluster)) return invisible.test(cluster) ? "" : cluster;
  if (flag.test(cluster)) return lettersOf(cluster);
  // Only marks behind what they stand on: é from another alphabet than ours.
  if (marked.test(cluster)) return cluster.slice(0, unitsMax);
  const [first = ""] = cluster;
  return invisible.test(first) ? "" : first;
}

/** As many UTF-16 units a cell may hold: text with hundreds of marks on a letter is there to hurt. */
const unitsMax = 8;
const flag = /^\p{RI}\p{RI}$/u;
const marked = /^[\p{L}\p{N}\p{P}\p{S}](?:(?!\p{Variation_Selector})\p{Mn})+$/u;
const invisible = /^[\p{M}\p{Cf}]$/u;

/** 🇩🇪 is written D, E: one column each, and so two as a flag would take. */
function lettersOf(cluster: string): string {
  return Array.from(cluster, (indicator) =>
    String.fromCodePoint((indicator.codePointAt(0) as number) - 0x1f1e6 + 65),
  ).join("");
}
