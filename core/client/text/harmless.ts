import { clustersOf, isPrintableAscii } from "./clusters.ts";

// Text that came from somebody else, made harmless: for a screen whose columns are counted (`harmless`, `harmlessLine`), for
// the output of a command (`plainLine`, `jsonLine`), and for a notification of the desktop (`briefLine`).

/**
 * Fit to be drawn: nothing in it steers the terminal or reorders or hides other text, and
 * all of it takes the columns that are counted for it. What does neither is as it was, line breaks included; what steers or
 * hides is shown as a sign (␛) or a number (‹U+202E›); what terminals draw in different widths is drawn plainer: of a
 * family the first person, of emoji the colourless or yellow one, of stacked marks the first few.
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

/** The same for what stands in one line: names, titles, file names. */
export function harmlessLine(text: string): string {
  return isPrintableAscii(text) ? text : harmless(text.replaceAll("\t", " ")).replaceAll("\n", "␤");
}

/** A part of one line of a command's output: nothing in it does anything but stand there. */
export function plainLine(text: string): string {
  return text.replace(lineEnds, " ⏎ ").replace(/\t/g, " ").replace(unprintable, "\ufffd");
}

/** A value as one line of JSON that is harmless in a terminal, too: the same value to whoever parses it. */
export function jsonLine(value: unknown): string {
  return JSON.stringify(value).replace(unprintable, (character) =>
    Array.from(character)
      .flatMap((one) => one.split(""))
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
      .join(""),
  );
}

/** One line of at most so many characters, without whatever could end the sequence that it is put into. */
export function briefLine(text: string, charactersMax: number): string {
  const characters = Array.from(text.replace(/\s+/g, " ").replace(unprintable, "").trim());
  return characters.length <= charactersMax
    ? characters.join("")
    : `${characters.slice(0, charactersMax - 1).join("")}…`;
}

/** What would move the cursor, colour the screen, turn the direction of writing or begin a line of its own. */
const unprintable = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]|(?![\u200c\u200d])\p{Cf}/gu;
const lineEnds = /\r\n|[\n\r\v\f\u0085\u2028\u2029]/gu;

const tab = "    ";
/** More stand on no letter of any living script, Hebrew with its cantillation included. */
const marksMax = 4;

function drawn(cluster: string, before: string): string {
  if (cluster === "\n" || isPrintableAscii(cluster)) return cluster;
  const [first = ""] = cluster;
  if (steersOrHides.test(first) || looseKoreanPart.test(first))
    return Array.from(cluster, (character) => visibly(character, before)).join("");
  const hangsOnWhatIsBefore = /^\p{M}/u.test(cluster) && carries.test(before);
  let kept = /^\p{M}/u.test(cluster) && !hangsOnWhatIsBefore ? "◌" : "";
  let marks = hangsOnWhatIsBefore ? (before.match(/\p{M}/gu)?.length ?? 0) : 0;
  for (const character of cluster) {
    // What is joined to an emoji is left out with all that follows.
    if (character === joiner && /\p{Extended_Pictographic}/u.test(kept)) break;
    if (onlyDresses.test(character) && kept !== "") continue;
    if (steersOrHides.test(character)) kept += visibly(character, kept);
    else if (!/^\p{M}$/u.test(character) || ++marks <= marksMax) kept += character;
  }
  return kept.normalize("NFC");
}

/** What a mark may stand on. */
const carries = /[\p{L}\p{M}\p{N}\p{S}\p{P}]$/u;
const joiner = "\u200d";
const steersOrHides = /^[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]$/u;
/** A vowel or final without the consonant that it stands on: it would be drawn over what is before it. */
const looseKoreanPart = /^[\u1160-\u11ff\ud7b0-\ud7ff]$/;
/** Variants of what is before them: with or without colour, of another skin, on a key, a part of a country. */
const onlyDresses = /^(?:\p{Variation_Selector}|\p{Emoji_Modifier}|\u20e3|[\u{e0020}-\u{e007f}])$/u;
/** Scripts whose letters are told how to join by characters that are seen in the letters alone. */
const joins =
  /[\p{Script=Arabic}\p{Script=Syriac}\p{Script=Mongolian}\p{Script=Devanagari}\p{Script=Bengali}\p{Script=Gurmukhi}\p{Script=Gujarati}\p{Script=Oriya}\p{Script=Tamil}\p{Script=Telugu}\p{Script=Kannada}\p{Script=Malayalam}\p{Script=Sinhala}\p{Script=Khmer}\p{Script=Myanmar}]$/u;

function visibly(character: string, before: string): string {
  const point = character.codePointAt(0) ?? 0;
  if (point < 0x20) return String.fromCodePoint(0x2400 + point);
  if (point === 0x7f) return "␡";
  if ((character === joiner || character === "\u200c") && joins.test(before.slice(-2))) return "";
  // Not in Unicode as we know it, halves of characters, and signs that every font draws otherwise.
  if (/^[\p{Cn}\p{Cs}\p{Co}]$/u.test(character) && !/^\p{Default_Ignorable_Code_Point}$/u.test(character))
    return "\ufffd";
  return `‹U+${point.toString(16).toUpperCase().padStart(4, "0")}›`;
}
