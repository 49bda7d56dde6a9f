import { eastAsianWidth } from "get-east-asian-width";

const graphemes = new Intl.Segmenter("und", { granularity: "grapheme" });

/** What a reader takes for single characters, however many code points they have (UAX #29). */
export function* clusters(text: string): Generator<string> {
  if (isPrintableAscii(text)) yield* text;
  else {
    for (const stretch of stretches(text)) {
      for (const { segment } of graphemes.segment(stretch)) yield segment;
    }
  }
}

const stretchUnits = 256;

/**
 * The segmenter of V8 takes a minute for 100,000 Chinese characters at once, and milliseconds in stretches. They end where a
 * character certainly does; one that is longer than a stretch, which somebody piled up, may come in two.
 */
function* stretches(text: string): Generator<string> {
  let from = 0;
  while (text.length - from > 2 * stretchUnits) {
    let to = from + stretchUnits;
    while (to < from + 2 * stretchUnits && !beginsCharacter(text, to)) to++;
    if (isSecondHalf(text.charCodeAt(to))) to++;
    yield text.slice(from, to);
    from = to;
  }
  yield text.slice(from);
}

/** Printable ASCII, kana, Chinese, and most emoji unless joined to what is before them. */
function beginsCharacter(text: string, at: number): boolean {
  const unit = text.charCodeAt(at);
  if (unit === 0xd83d || unit === 0xd83e) return text[at - 1] !== "\u200d";
  return (unit >= 0x20 && unit < 0x7f) || (unit >= 0x3041 && unit <= 0x3096) || (unit >= 0x4e00 && unit <= 0x9fff);
}

const isSecondHalf = (unit: number) => unit >= 0xdc00 && unit <= 0xdfff;

/**
 * Columns that text takes in a terminal. Exact for what `harmless` has let through; a family of four that it has not would
 * be drawn differently by every terminal. It adds up: where a text is cut does not change the sum.
 */
export function columns(text: string): number {
  if (isPrintableAscii(text)) return text.length;
  let sum = 0;
  for (const character of text) sum += columnsOf(character);
  return sum;
}

/** Of one code point. */
function columnsOf(character: string): 0 | 1 | 2 {
  if (/^[\x20-\x7e]$/.test(character)) return 1;
  if (takesNoColumn.test(character)) return 0;
  return eastAsianWidth(character.codePointAt(0) as number);
}

/** Marks that stand on what is before them, vowels and finals of Korean syllables that are not composed, and formats. */
const takesNoColumn = /^[\p{Mn}\p{Me}\p{Cf}\p{Cc}\p{Variation_Selector}\u1160-\u11ff\ud7b0-\ud7ff]$/u;

export const isPrintableAscii = (text: string) => /^[\x20-\x7e]*$/.test(text);

/** A cluster in parts of one or two columns, each a character with the marks on it. */
export function parts(cluster: string): string[] {
  const found: string[] = [];
  for (const character of cluster) {
    const last = found.length - 1;
    if (last >= 0 && columnsOf(character) === 0) found[last] += character;
    else found.push(character);
  }
  return found;
}
