/** The part of a document that a program writes: it stands between `begin` and `end`, which are comments of Markdown. */
export interface WrittenSection {
  readonly begin: string;
  readonly end: string;
}

/**
 * The text of a document with `written` between the two comments. Fails, naming `document`, when the text does not have them.
 */
export function withSection(document: string, text: string, { begin, end }: WrittenSection, written: string): string {
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from === -1 || to < from) throw new Error(`${document} does not have the comments ${begin} … ${end}`);
  return `${text.slice(0, from)}${begin}\n${written}${text.slice(to)}`;
}
