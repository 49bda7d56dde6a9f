import { mentionsIn } from "../../core/client/index.ts";
import { wrap } from "../text/wrap.ts";
import type { Line, Span, Style } from "./line.ts";

const marks = /```[\s\S]*?```|`[^`\n]+`|https?:\/\/[^\s<>"`]+/gu;

/** Divides a text, which must be harmless already, into plain text, links, code and mentions of members. */
export function marked(text: string, style: Style, members: ReadonlySet<string>, self: string): Span[] {
  const spans: Span[] = [];
  let at = 0;
  const add = (to: number, as: Style) => {
    if (to > at) spans.push({ text: text.slice(at, to), style: as });
    at = Math.max(at, to);
  };
  const parts = [...codeAndLinks(text), ...mentionParts(text, members, self)].toSorted((a, b) => a.from - b.from);
  for (const { from, to, as } of parts) {
    // A name within a link or code is a part of it.
    if (from < at) continue;
    add(from, style);
    add(to, as);
  }
  add(text.length, style);
  return spans;
}

interface Part {
  readonly from: number;
  readonly to: number;
  readonly as: Style;
}

function codeAndLinks(text: string): Part[] {
  return Array.from(text.matchAll(marks), ({ 0: found, index: from }) => {
    if (found[0] === "`") return { from, to: from + found.length, as: "code" };
    // A full stop or comma behind a link is no part of it.
    return { from, to: from + found.replace(/[.,;:!?)\]'_-]+$/, "").length, as: "link" };
  });
}

function mentionParts(text: string, members: ReadonlySet<string>, self: string): Part[] {
  const found = mentionsIn(text, (name) => name === self || members.has(name));
  return Array.from(found, ({ from, to, name }) => ({ from, to, as: name === self ? "mentionOwn" : "mention" }));
}

/** Breaks spans into lines of at most this many columns. */
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

/** Removes the spaces at which the line was broken. */
function trimmed(line: Span[]): Line {
  const last = line.at(-1);
  if (!last) return line;
  return [...line.slice(0, -1), { ...last, text: last.text.trimEnd() }];
}
