const graphemes = new Intl.Segmenter("und", { granularity: "grapheme" });
const stretchUnits = 256;

/** What a reader takes for single characters, however many code points they have (UAX #29), and where they begin. */
export function* clustersOf(text: string): Generator<{ readonly segment: string; readonly index: number }> {
  if (isPrintableAscii(text)) {
    for (let index = 0; index < text.length; index++) yield { segment: text[index] as string, index };
    return;
  }
  for (let from = 0; from < text.length; ) {
    const to = stretchEnd(text, from);
    for (const { segment, index } of graphemes.segment(text.slice(from, to))) yield { segment, index: from + index };
    from = to;
  }
}

export const isPrintableAscii = (text: string): boolean => /^[\x20-\x7e]*$/.test(text);

/**
 * V8's segmenter takes a minute for 100,000 Chinese characters at once, and milliseconds in stretches. They end where a
 * character certainly does; one that is longer than a stretch, which somebody piled up, may come in two.
 */
function stretchEnd(text: string, from: number): number {
  if (text.length - from <= 2 * stretchUnits) return text.length;
  let to = from + stretchUnits;
  while (to < from + 2 * stretchUnits && !beginsCharacter(text, to)) to++;
  return isSecondHalf(text.charCodeAt(to)) ? to + 1 : to;
}

/** Printable ASCII, kana, Chinese, and most emoji unless joined to what is before them. */
function beginsCharacter(text: string, at: number): boolean {
  const unit = text.charCodeAt(at);
  if (unit === 0xd83d || unit === 0xd83e) return text[at - 1] !== "\u200d";
  return (unit >= 0x20 && unit < 0x7f) || (unit >= 0x3041 && unit <= 0x3096) || (unit >= 0x4e00 && unit <= 0x9fff);
}

const isSecondHalf = (unit: number) => unit >= 0xdc00 && unit <= 0xdfff;
