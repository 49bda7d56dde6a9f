const graphemes = new Intl.Segmenter("und", { granularity: "grapheme" });
/**
 * V8's segmenter takes a minute for 100,000 Chinese characters at once, and milliseconds for stretches of them. A character
 * of more code units than a stretch, piled up from marks, comes in pieces.
 */
const stretchUnits = 256;

/** The grapheme clusters of a text (UAX #29), which readers take for single characters, and where they begin. */
export function* clustersOf(text: string): Generator<{ readonly segment: string; readonly index: number }> {
  if (isPrintableAscii(text)) {
    for (let index = 0; index < text.length; index++) yield { segment: text.charAt(index), index };
    return;
  }
  for (let from = 0; from < text.length; ) {
    const end = Math.min(text.length, from + stretchUnits);
    const to = isSecondHalf(text.charCodeAt(end)) ? end + 1 : end;
    let last = { segment: "", index: from };
    for (const { segment, index } of graphemes.segment(text.slice(from, to))) {
      if (last.segment !== "") yield last;
      last = { segment, index: from + index };
    }
    // The last cluster may continue behind the stretch.
    const isWhole = to === text.length || last.index === from;
    if (isWhole) yield last;
    from = isWhole ? to : last.index;
  }
}

export const isPrintableAscii = (text: string): boolean => /^[\x20-\x7e]*$/.test(text);

const isSecondHalf = (unit: number) => unit >= 0xdc00 && unit <= 0xdfff;
