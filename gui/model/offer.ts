import type { Editor } from "./editor.ts";

/** Completions of the word before the cursor. */
export interface Offer {
  /** Where the word begins in the text. */
  readonly from: number;
  readonly options: readonly string[];
}

/** Completions of the last name, in a field of names separated by commas. */
export function nameOffer(names: readonly string[], { text, cursor }: Editor): Offer | undefined {
  const before = text.slice(0, cursor);
  const begun = before.slice(before.lastIndexOf(",") + 1).trimStart();
  const found = begun === "" ? undefined : offer(names, begun, cursor - begun.length, (name) => name);
  return found?.options.includes(begun) ? undefined : found;
}

/** Completions: the names that begin with `begun`, each as `become` writes it into the text. */
export function offer(
  names: readonly string[],
  begun: string,
  from: number,
  become: (name: string) => string,
): Offer | undefined {
  const start = begun.toLowerCase();
  const options = names.filter((name) => name.toLowerCase().startsWith(start)).sort((a, b) => (a < b ? -1 : 1));
  return options.length === 0 ? undefined : { from, options: options.map(become) };
}
