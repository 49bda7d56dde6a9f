import { accepted, type Parsed, refused } from "./result.ts";

/** What an option's list may hold. */
export interface ListItems<T> {
  /** The reason of a refusal says what an item can be. */
  parse(text: string): Parsed<T>;
  /** What the items are called, in the plural. */
  readonly choice: string;
  readonly example: string;
}

/** Items, each at most once, with commas and nothing else between them; refused with what is wrong, and what is allowed. */
export function parseCommaList<T>(text: string, items: ListItems<T>): Parsed<T[]> {
  const parsed: T[] = [];
  const refusal = items.parse("");
  const there = refusal.ok ? "" : `each is ${refusal.reason}`;
  const wrong = (what: string) =>
    refused(`${what}. Write ${items.choice} with commas and no spaces between, such as ${items.example}: ${there}.`);
  for (const item of text.split(",")) {
    if (item === "") return wrong(text === "" ? "the list is empty" : "an item is empty");
    if (/\s/.test(item)) return wrong(`"${item}" has a space in it`);
    const value = items.parse(item);
    if (!value.ok) return wrong(`"${item}" is not allowed`);
    if (parsed.includes(value.value)) return wrong(`"${item}" is there twice`);
    parsed.push(value.value);
  }
  return accepted(parsed);
}
