import { wrap } from "../text/wrap.ts";
import type { Line, Span, Style } from "./line.ts";

const marks = /```[\s\S]*?```|`[^`\n]+`|https?:\/\/[^\s<>"`]+|@[\p{L}\p{N}._-]+/gu;

/** A text, already harmless, with its links, code and mentions of members told apart. */
export function marked(text: string, style: Style, members: ReadonlySet<string>, self: string): Span[] {
  const spans: Span[] = [];
  let at = 0;
  const add = (to: number, as: Style) => {
    if (to > at) spans.push({ text: text.slice(at, to), style: as });
    at = Math.max(at, to);
  };
  for (const { 0: found, index } of text.matchAll(marks)) {
    const [length, as] = markOf(found, members, self) ?? [];
    if (length === undefined || as === undefined) continue;
    add(index, style);
    add(index + length, as);
  }
  add(text.length, style);
  return spans;
}

function markOf(found: string, members: ReadonlySet<string>, self: string): [length: number, style: Style] | undefined {
  if (found.startsWith("`")) return [found.length, "code"];
  // What ends a sentence is no part of its last word.
  const word = found.replace(/[.,;:!?)\]'_-]+$/, "");
  if (!found.startsWith("@")) return [word.length, "link"];
  for (const mention of [found, word]) {
    const name = mention.slice(1).toLowerCase();
    if (name === self.toLowerCase()) return [mention.length, "mentionOwn"];
    if (members.has(name)) return [mention.length, "mention"];
  }
  return undefined;
}

/** Spans broken into lines of at most so many columns. */
export function wrapSpans(spans: readonly Span[], columns: number): Line[] {
  const text = spans.map((part) => part.text).join("");
  return wrap(text, columns).map(({ from, to }) => {
    const line: Span[] = [];
    let start = 0;
    for (const part of spans) {
      const end = start + part.text.length;
      if (end > from && start < to) {
        line.push({ ...part, text: part.text.slice(Math.max(0, from - start), Math.min(to, end) - start) });
      }
      start = end;
    }
    return trimmed(line);
  });
}

/** Without the spaces at which it was broken. */
function trimmed(line: Span[]): Line {
  const last = line.at(-1);
  if (!last?.text.endsWith(" ")) return line;
  return [...line.slice(0, -1), { ...last, text: last.text.trimEnd() }];
}
