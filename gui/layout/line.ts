import { columnsOf, cut } from "../text/width.ts";

/** What a piece of text is; a theme says how that looks. */
export type Style =
  | "text"
  | "dim"
  | "strong"
  | "time"
  | "border"
  | "heading"
  | "own"
  | `nick${number}`
  | "system"
  | "mention"
  | "mentionOwn"
  | "link"
  | "code"
  | "problem"
  | "unread"
  | "verified"
  | "changed"
  | "online"
  | "key"
  /** Lines of a picture, which bring their own colours. */
  | "picture"
  /** What a camera has to read: light blocks on black in every theme. */
  | "qr";

/** What it stands on. */
export type Ground = "bar" | "selected" | "field" | "button";

export interface Span {
  readonly text: string;
  readonly style: Style;
  readonly ground?: Ground | undefined;
  /** Of a picture's first line: which it is, and how many lines it has, for terminals that show its pixels. */
  readonly graphic?: { readonly id: number; readonly rows: number } | undefined;
}

export type Line = readonly Span[];

export function span(text: string, style: Style = "text", ground?: Ground): Span {
  return ground === undefined ? { text, style } : { text, style, ground };
}

export const columnsOfSpan = ({ text, style }: Span): number =>
  columnsOf(style === "picture" ? text.replace(colours, "") : text);

export function columnsOfLine(line: Line): number {
  let columns = 0;
  for (const part of line) columns += columnsOfSpan(part);
  return columns;
}

/** As much of a line as fits. */
export function cutLine(line: Line, columns: number): Line {
  let left = columns;
  const kept: Span[] = [];
  for (const part of line) {
    const width = columnsOfSpan(part);
    if (width <= left) {
      kept.push(part);
      left -= width;
      continue;
    }
    // Half a picture says nothing, and would leave its colours behind.
    if (left > 0 && part.style !== "picture") kept.push({ ...part, text: cut(part.text, left) });
    break;
  }
  return kept;
}

/** A line of exactly so many columns. */
export function filled(line: Line, columns: number, ground?: Ground): Line {
  const shown = cutLine(line, columns);
  const missing = columns - columnsOfLine(shown);
  const whole = missing > 0 ? [...shown, span(" ".repeat(missing))] : shown;
  return ground === undefined ? whole : onGround(whole, ground);
}

export const onGround = (line: Line, ground: Ground): Line => line.map((part) => ({ ground, ...part }));

/** One part at the left and one at the right; where there is no room for both, the right one goes first. */
export function spread(left: Line, right: Line, columns: number): Line {
  const rest = columns - columnsOfLine(left);
  const width = columnsOfLine(right);
  if (rest < width + 1) return filled(left, columns);
  return [...left, span(" ".repeat(rest - width)), ...right];
}

/** A rule with a text in its middle. */
export function rule(text: string, columns: number, style: Style): Line {
  const shown = cut(text, columns - 4);
  const missing = Math.max(0, columns - columnsOf(shown) - 2);
  const before = missing >> 1;
  return cutLine(
    [span("─".repeat(before), "border"), span(` ${shown} `, style), span("─".repeat(missing - before), "border")],
    columns,
  );
}

export const textOfLine = (line: Line): string => line.map(({ text }) => text).join("");

const colours = new RegExp("\\p{Cc}\\[[\\d;]*m", "gu");
