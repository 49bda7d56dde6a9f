import type { Line } from "../layout/line.ts";

/** The pieces of a line that can be read, each with what it means: `key on bar: F1`. */
export const styled = (line: Line): string[] =>
  line
    .filter(({ text }) => text.trim() !== "")
    .map(({ text, style, ground }) => `${style}${ground === undefined ? "" : ` on ${ground}`}: ${text.trim()}`);
