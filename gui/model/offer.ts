import type { Editor } from "./editor.ts";

/** What may be completed, and to what. */
export interface Offer {
  /** Where in the text that begins what is completed. */
  readonly from: number;
  readonly options: readonly string[];
}

/** What the last of some names may become, in a field that takes them separated by commas. */
export function nameOffer(names: readonly string[], { text, cursor }: Editor): Offer | undefined {
  const begun = /(?:^|,)\s*([^,]*)$/.exec(text.slice(0, cursor))?.[1] ?? "";
  const found = begun === "" ? undefined : offer(names, begun, cursor - begun.length, (name) => name);
  return found?.options.includes(begun) ? undefined : found;
}

/** Which of the names begin so, as what they become. */
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
