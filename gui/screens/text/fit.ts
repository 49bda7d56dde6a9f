import { clusters, columns, isPrintableAscii, parts } from "./width.ts";

/** As much of one line as these columns hold; what is cut off leaves an ellipsis, or what else is said. */
export function cut(line: string, columnsMax: number, ellipsis = "…"): string {
  if (isPrintableAscii(line) ? line.length <= columnsMax : columns(line) <= columnsMax) return line;
  const room = columnsMax - columns(ellipsis);
  if (room < 0) return cut(line, columnsMax, "");
  let taken = 0;
  let kept = "";
  for (const cluster of clusters(line)) {
    taken += columns(cluster);
    if (taken > room) break;
    kept += cluster;
  }
  return kept + ellipsis;
}

/** One line in exactly these columns: cut, or filled up with spaces behind it (or before it). */
export function pad(line: string, columnsExactly: number, side: "left" | "right" = "left"): string {
  const fitting = cut(line, columnsExactly);
  const fill = " ".repeat(Math.max(0, columnsExactly - columns(fitting)));
  return side === "left" ? fitting + fill : fill + fitting;
}

/**
 * Text in lines of at most so many columns, two at the least, since some characters take two. Lines break at spaces, which
 * go, and anywhere in Chinese, Japanese and Korean but before closing punctuation; a word longer than a line is broken; its
 * own line breaks stay. The cost grows with the length alone.
 */
export function wrap(text: string, columnsMax: number): string[] {
  const room = Math.max(2, columnsMax);
  return text.split("\n").flatMap((line) => wrapLine(line, room));
}

interface Piece {
  text: string;
  columns: number;
}

function wrapLine(line: string, room: number): string[] {
  if (isPrintableAscii(line) && line.length <= room) return [line];
  const lines: string[] = [];
  let current: Piece = { text: "", columns: 0 };
  let gap: Piece = { text: "", columns: 0 };
  const put = (piece: Piece) => {
    current = { text: current.text + gap.text + piece.text, columns: current.columns + gap.columns + piece.columns };
    gap = { text: "", columns: 0 };
  };
  const breakLine = () => {
    lines.push(current.text);
    current = { text: "", columns: 0 };
    gap = { text: "", columns: 0 };
  };
  for (const word of words(line)) {
    if (word.isSpace) {
      // Spaces that begin a line belong to it, as in a program's text.
      if (current.columns === 0 && lines.length === 0 && word.columns < room) put(word);
      else gap = word;
    } else if (current.columns + gap.columns + word.columns <= room) put(word);
    else {
      if (current.columns > 0) breakLine();
      else gap = { text: "", columns: 0 };
      if (word.columns <= room) put(word);
      else {
        for (const piece of smallPieces(word.text, room)) {
          if (current.columns + piece.columns > room) breakLine();
          put(piece);
        }
      }
    }
  }
  lines.push(current.text);
  return lines;
}

/** What may not be broken but has to be if it is longer than a line; spaces are pieces of their own. */
function* words(line: string): Generator<Word> {
  let word: Word = { text: "", columns: 0, isSpace: false };
  let breaksBehind = false;
  for (const cluster of clusters(line)) {
    const space = isSpace.test(cluster);
    const breaksHere = (breaksBehind || breaksAround.test(cluster)) && !closes.test(cluster);
    if (word.text !== "" && (space !== word.isSpace || (breaksHere && !space))) {
      yield word;
      word = { text: "", columns: 0, isSpace: false };
    }
    word = { text: word.text + cluster, columns: word.columns + columns(cluster), isSpace: space };
    breaksBehind = breaksAround.test(cluster);
  }
  if (word.text !== "") yield word;
}

interface Word extends Piece {
  readonly isSpace: boolean;
}

const isSpace = /^[ \u2000-\u2006\u2008-\u200a\u3000]/;
const breaksAround = /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}]/u;
const closes = /^[\p{Pe}\p{Pf}、。，．！？：；ー…]/u;

function* smallPieces(word: string, room: number): Generator<Piece> {
  for (const cluster of clusters(word)) {
    const width = columns(cluster);
    if (width <= room) yield { text: cluster, columns: width };
    else for (const part of parts(cluster)) yield { text: part, columns: columns(part) };
  }
}
