import { columnsOf, cut } from "../text/width.ts";

/** The meaning of a piece of text; a theme says how that looks. */
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
  /** A QR code, for a camera: light blocks on black in every theme. */
  | "qr";

/** The meaning of its background. */
export type Ground = "bar" | "selected" | "field" | "button";

export interface Span {
  readonly text: string;
  readonly style: Style;
  readonly ground?: Ground | undefined;
  /** On the first line of a picture: its id and its number of lines, for terminals that show its pixels. */
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

/** Cuts a line to at most this many columns. */
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
    // A line of a picture is left out instead of cut: the sequence that ends its colours would be lost.
    if (left > 0 && part.style !== "picture") kept.push({ ...part, text: cut(part.text, left) });
    break;
  }
  return kept;
}

/** Fills or cuts a line to exactly this many columns. */
export function filled(line: Line, columns: number, ground?: Ground): Line {
  const shown = cutLine(line, columns);
  const missing = columns - columnsOfLine(shown);
  const whole = missing > 0 ? [...shown, span(" ".repeat(missing))] : shown;
  return ground === undefined ? whole : onGround(whole, ground);
}

export const onGround = (line: Line, ground: Ground): Line => line.map((part) => ({ ground, ...part }));

/** One part at the left and one at the right; where there is no room for both, the right one is left out. */
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
