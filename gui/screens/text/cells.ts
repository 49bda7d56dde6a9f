import blessed from "blessed";
import { clusters, columns, parts } from "./width.ts";

/**
 * Makes blessed draw every character in its place. It counts one cell for each UTF-16 unit and knows the widths of 2015, so
 * it is handed one unit for each character: what is more, or of a width that it does not know, is stood in for by a private
 * character of known width, and put back where blessed writes to the terminal. So it cuts, aligns, scrolls and compares
 * right.
 *
 * There the cursor is put where blessed believes it to be, behind each such character, since terminals differ in how far
 * they move: a border never shifts.
 */
export class Cells {
  readonly #narrow = new Deputies(0xe000, 0xebff);
  readonly #wide = new Deputies(firstWideDeputy, lastWideDeputy);

  /** Harmless text as blessed's content: braces are no tags any more. Colours go around it, not into it. */
  encode(text: string): string {
    if (/^[\x20-\x7a|~\n]*$/.test(text)) return text;
    let cells = "";
    for (const cluster of clusters(text)) {
      const width = columns(cluster);
      if (isKnown(cluster, width)) cells += cluster;
      else if (width === 1 || width === 2) cells += this.#deputy(cluster, width);
      else for (const part of parts(cluster)) cells += this.#deputy(part, columns(part));
    }
    return cells;
  }

  /** One cell that is written as it is given, with whatever colours it has; afterwards these are the terminal's own. */
  styled(character: string, style: string): string {
    return this.#narrow.of(`${style}${character}\x1b[39;49m`);
  }

  /** What blessed writes, with the characters put back. */
  decode(output: string): string {
    if (!/[\ue000-\uf8ff]/.test(output)) return output;
    let at: number | undefined;
    return output.replace(pieces, (piece: string, column?: string, forward?: string) => {
      if (column !== undefined) at = Number(column) - 1;
      else if (forward !== undefined) at = at === undefined ? at : at + Number(forward || 1);
      else if (piece.startsWith("\x1b")) at = keepsColumn.test(piece) ? at : undefined;
      else if (piece < "\x20") at = piece === "\x0e" || piece === "\x0f" ? at : undefined;
      else {
        const [deputies, width] = piece >= "\uec00" ? [this.#wide, 2] : [this.#narrow, 1];
        const character = /^[\ue000-\uf8ff]$/.test(piece) ? deputies.behind(piece) : undefined;
        if (character === undefined) at = at === undefined ? at : at + columns(piece);
        else if (at === undefined) return character;
        else {
          at += width;
          return `\x1b[${width}X${character}\x1b[${at + 1}G`;
        }
      }
      return piece;
    });
  }

  /** Draws a screen's cells as they are meant. */
  attach(screen: blessed.Widgets.Screen): void {
    const program = screen.program as typeof screen.program & Record<"write" | "_owrite", (text: string) => unknown>;
    const { output } = program;
    program.write = program._owrite = (text) => output.writable && output.write(this.decode(text));
    // With UTF-8 nobody needs the line-drawing characters of a VT100, which go through a switch of alphabets.
    const { tput } = screen as unknown as { tput: { unicode: boolean; brokenACS: boolean } };
    if (tput.unicode) tput.brokenACS = true;
  }

  #deputy(cluster: string, width: number): string {
    return width === 0 ? "" : (width === 2 ? this.#wide : this.#narrow).of(cluster);
  }
}

/** Cursor to a row and column, cursor forward, other sequences, and single characters. */
const pieces = /\x1b\[\d+;(\d+)H|\x1b\[(\d*)C|\x1b\[[\x20-\x3f]*[\x40-\x7e]|\x1b[()].|\x1b.|[^]/gu;
/** Colours, erasing in the line, alphabets, the cursor's look. */
const keepsColumn = /^\x1b(\[[\d;]*[mKX]|\[\?\d+[hl]|[()])/;

const firstWideDeputy = 0xec00;
const lastWideDeputy = 0xf8ff;

/**
 * Private characters, and what each stands for. There are thousands; when all are taken, the one that was asked for longest
 * ago changes its meaning. More different ones at once are on no screen.
 */
class Deputies {
  readonly #first: number;
  readonly #last: number;
  readonly #deputies = new Map<string, string>();
  readonly #characters = new Map<string, string>();

  constructor(first: number, last: number) {
    this.#first = first;
    this.#last = last;
  }

  of(character: string): string {
    const deputy = this.#deputies.get(character) ?? this.#free();
    this.#deputies.delete(character);
    this.#deputies.set(character, deputy);
    this.#characters.set(deputy, character);
    return deputy;
  }

  behind(deputy: string): string | undefined {
    return this.#characters.get(deputy);
  }

  #free(): string {
    const taken = this.#deputies.size;
    if (this.#first + taken <= this.#last) return String.fromCharCode(this.#first + taken);
    const [oldest, deputy] = this.#deputies.entries().next().value as [string, string];
    this.#deputies.delete(oldest);
    return deputy;
  }
}

interface BlessedUnicode {
  charWidth(character: string | number, at?: number): number;
  readonly chars: { all: RegExp; readonly wide: RegExp };
}

const { unicode } = blessed as unknown as { unicode: BlessedUnicode };
const { charWidth } = unicode;
const blessedWide = new RegExp(`^${unicode.chars.wide.source}$`);
unicode.charWidth = (character, at = 0) => {
  const point = typeof character === "number" ? character : character.charCodeAt(at);
  return point >= firstWideDeputy && point <= lastWideDeputy ? 2 : charWidth(character, at);
};
unicode.chars.all = new RegExp(`(${unicode.chars.wide.source.slice(1, -1)}|[\\uec00-\\uf8ff])`, "g");

/** Whether blessed draws it right by itself. */
function isKnown(cluster: string, width: number): boolean {
  if (cluster === "\n") return true;
  if (cluster.length !== 1 || isDrawnDifferently.test(cluster)) return false;
  return charWidth(cluster) === width && blessedWide.test(cluster) === (width === 2);
}

/** Tags of blessed, and signs that some terminals draw as emoji, in two columns. */
const isDrawnDifferently = /^[{}\p{Extended_Pictographic}\p{Co}]$/u;
