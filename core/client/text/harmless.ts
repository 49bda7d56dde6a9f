import { clustersOf, isPrintableAscii } from "./clusters.ts";

// Text that came from somebody else, made harmless: for a screen whose columns are counted (`harmless`, `harmlessLine`), for
// the output of a command (`plainLine`, `jsonLine`), and for a notification of the desktop (`briefLine`).

/**
 * A text that is safe to draw: nothing in it steers the terminal or reorders or hides other text, and all of it takes the
 * columns that are counted for it. Characters that steer or hide become a sign (␛) or a number (‹U+202E›). Characters that
 * terminals draw in different widths become plainer: of a family the first person, of emoji the colourless or yellow one, of
 * stacked marks the first few. Everything else stays, line breaks included.
 */
export function harmless(text: string): string {
  if (/^[\x20-\x7e\n]*$/.test(text)) return text;
  const even = text.replace(/\r\n?|[\u0085\u2028\u2029]/g, "\n").replaceAll("\t", tab);
  let shown = "";
  let last = "";
  for (const { segment: cluster } of clustersOf(even.normalize("NFC"))) {
    const here = drawn(cluster, last);
    shown += here;
    if (here !== "") last = here;
  }
  return shown;
}

/** The same in one line: for names, titles and file names. */
export function harmlessLine(text: string): string {
  return isPrintableAscii(text) ? text : harmless(text.replaceAll("\t", " ")).replaceAll("\n", "␤");
}

/** A text as part of one line of a command's output: nothing in it steers a terminal or begins another line. */
export function plainLine(text: string): string {
  return text.replace(lineEnds, " ⏎ ").replace(/\t/g, " ").replace(unprintable, "\ufffd");
}

/** A value as one line of JSON that is harmless in a terminal, too; it parses to the same value. */
export function jsonLine(value: unknown): string {
  return JSON.stringify(value).replace(unprintable, (character) =>
    character
      .split("")
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
      .join(""),
  );
}

/** One line of at most so many characters, without the control characters that could end the escape sequence around it. */
export function briefLine(text: string, charactersMax: number): string {
  const characters = Array.from(text.replace(/\s+/g, " ").replace(unprintable, "").trim());
  return characters.length <= charactersMax
    ? characters.join("")
    : `${characters.slice(0, charactersMax - 1).join("")}…`;
}

/** Characters that move the cursor, colour the screen, turn the direction of writing or begin another line. */
const unprintable = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]|(?![\u200c\u200d])\p{Cf}/gu;
/** From \n to \r are \v and \f as well. */
const lineEnds = /\r\n|[\n-\r\u0085\u2028\u2029]/gu;

const tab = "    ";
/** The most marks on a letter in any living script, Hebrew with its cantillation included. */
const marksMax = 4;

function drawn(cluster: string, before: string): string {
  if (cluster === "\n" || isPrintableAscii(cluster)) return cluster;
  if (steersOrHides.test(cluster) || looseKoreanPart.test(cluster))
    return Array.from(cluster, (character) => visibly(character, before)).join("");
  const hangsOnWhatIsBefore = /^\p{M}/u.test(cluster) && carries.test(before);
  let kept = /^\p{M}/u.test(cluster) && !hangsOnWhatIsBefore ? "◌" : "";
  let marks = hangsOnWhatIsBefore ? (before.match(/\p{M}/gu)?.length ?? 0) : 0;
  for (const character of cluster) {
    // Whatever is joined to an emoji is left out, with all that follows it.
    if (character === joiner && /\p{Extended_Pictographic}/u.test(kept)) break;
    if (onlyDresses.test(character) && kept !== "") continue;
    if (steersOrHides.test(character)) kept += visibly(character, kept);
    else if (!/\p{M}/u.test(character) || ++marks <= marksMax) kept += character;
  }
  return kept.normalize("NFC");
}

/** Characters on which a mark may stand. */
const carries = /[\p{L}\p{M}\p{N}\p{S}\p{P}]/u;
const joiner = "\u200d";
const steersOrHides = /^[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u;
/** A Korean vowel or final without its consonant: terminals draw it over the character before it. */
const looseKoreanPart = /^[\u1160-\u11ff\ud7b0-\ud7ff]/;
/** Characters that only vary the one before them: its colour, its skin, a key around it, the part of a country. */
const onlyDresses = /\p{Variation_Selector}|\p{Emoji_Modifier}|\u20e3|[\u{e0020}-\u{e007f}]/u;
/** Scripts in which invisible characters decide how letters join. Their marks may be of no script. */
const joins =
  /[\p{Script=Arabic}\p{Script=Syriac}\p{Script=Mongolian}\p{Script=Devanagari}\p{Script=Bengali}\p{Script=Gurmukhi}\p{Script=Gujarati}\p{Script=Oriya}\p{Script=Tamil}\p{Script=Telugu}\p{Script=Kannada}\p{Script=Malayalam}\p{Script=Sinhala}\p{Script=Khmer}\p{Script=Myanmar}]/u;

function visibly(character: string, before: string): string {
  const point = character.codePointAt(0) ?? 0;
  if (point < 0x20) return String.fromCodePoint(0x2400 + point);
  if (point === 0x7f) return "␡";
  if ((character === joiner || character === "\u200c") && joins.test(before)) return "";
  // Characters unknown to this Unicode, halves of characters, and private ones, which every font draws otherwise.
  if (/[\p{Cn}\p{Cs}\p{Co}]/u.test(character) && !/\p{Default_Ignorable_Code_Point}/u.test(character)) return "\ufffd";
  return `‹U+${point.toString(16).toUpperCase().padStart(4, "0")}›`;
}
