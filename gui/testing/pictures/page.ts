import { Unicode11Addon } from "@xterm/addon-unicode11";
import xterm, { type IBufferCell, type Terminal } from "@xterm/headless";
import { paletteColour } from "../../preview/half-blocks.ts";

/** A screen as a web page, whose size in pixels is known. */
export interface Page {
  readonly html: string;
  readonly width: number;
  readonly height: number;
}

/** What a terminal has where a program sets no colour. */
export interface Colours {
  readonly text: string;
  readonly ground: string;
}

export const colours = {
  dark: { text: "#d4d4d4", ground: "#17191c" },
  light: { text: "#24292f", ground: "#ffffff" },
} as const satisfies Record<string, Colours>;

/**
 * The size of a cell. At 14 pixels a character of DejaVu Sans Mono is 8.43 wide; one that is drawn in 8.5 leaves no gaps in
 * lines, since each is stretched over its cell's edge by the browser's rounding.
 */
const cell = { width: 8.5, height: 17, font: 14 };
const margin = 12;

/** What `tmux capture-pane -e` printed of a screen of this size. */
export async function pageOf(
  captured: string,
  columns: number,
  rows: number,
  { text, ground }: Colours,
): Promise<Page> {
  const terminal = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true });
  terminal.loadAddon(new Unicode11Addon());
  terminal.unicode.activeVersion = "11";
  const lines = captured.replace(/\n$/, "").split("\n");
  await new Promise<void>((resolve) => terminal.write(lines.join("\r\n"), resolve));
  const body = Array.from({ length: rows }, (_, row) => `<div>${cellsOf(terminal, row)}</div>`).join("\n");
  terminal.dispose();
  const html = `<!doctype html><meta charset="utf-8"><style>
body { margin: ${margin}px; color: ${text}; background: ${ground};
  font: ${cell.font}px/${cell.height}px "DejaVu Sans Mono", Menlo, Consolas, "Noto Sans Mono CJK JP", "Noto Color Emoji", monospace; }
div { height: ${cell.height}px; white-space: pre; overflow: hidden; }
i { display: inline-block; height: ${cell.height}px; font-style: normal; vertical-align: top; }
</style>${body}`;
  return {
    html,
    width: Math.ceil(columns * cell.width) + 2 * margin,
    height: rows * cell.height + 2 * margin,
  };
}

function cellsOf(terminal: Terminal, row: number): string {
  const line = terminal.buffer.active.getLine(row);
  let html = "";
  for (let column = 0; column < terminal.cols; column++) {
    const at = line?.getCell(column);
    // The second half of a wide character has no width.
    if (at && at.getWidth() > 0) html += drawnCell(at);
  }
  return html;
}

/** Half of a block is drawn as half of a cell, since fonts leave a seam between the blocks of two lines. */
const blocks: Readonly<Record<string, (ink: string, ground: string) => string>> = {
  "▀": (ink, ground) => `linear-gradient(${ink} 50%, ${ground} 50%)`,
  "▄": (ink, ground) => `linear-gradient(${ground} 50%, ${ink} 50%)`,
  "█": (ink) => ink,
};

function drawnCell(at: IBufferCell): string {
  const own = colourOf(at.getFgColor(), at.isFgRGB(), at.isFgPalette());
  const under = colourOf(at.getBgColor(), at.isBgRGB(), at.isBgPalette());
  const block = blocks[at.getChars()];
  const style = [`width:${at.getWidth() * cell.width}px`];
  if (block) style.push(`background:${block(own ?? "currentColor", under ?? "transparent")}`);
  else {
    if (own) style.push(`color:${own}`);
    if (under) style.push(`background:${under}`);
    if (at.isBold()) style.push("font-weight:bold");
    if (at.isUnderline()) style.push("text-decoration:underline");
  }
  return `<i style="${style.join(";")}">${block ? "" : escaped(at.getChars() || " ")}</i>`;
}

function colourOf(colour: number, isRgb: boolean, isPalette: boolean): string | undefined {
  if (isRgb) return `#${colour.toString(16).padStart(6, "0")}`;
  if (!isPalette) return undefined;
  return colour < basic.length ? `#${basic[colour]}` : `rgb(${paletteColour(colour).join()})`;
}

/** The first sixteen are those of VS Code's terminal; the others are xterm's, which all terminals have. */
const basic =
  "000000 cd3131 0dbc79 e5e510 2472c8 bc3fbc 11a8cd e5e5e5 666666 f14c4c 23d18b f5f543 3b8eea d670d6 29b8db ffffff".split(
    " ",
  );

const escaped = (text: string) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
