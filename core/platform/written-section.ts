/** Where in a document a program writes: `begin` and `end` stand there, as comments of Markdown. */
export interface WrittenSection {
  readonly begin: string;
  readonly end: string;
}

/** A document with what a program writes between the two comments. Fails when `document`, its name, has no place for it. */
export function withSection(document: string, text: string, { begin, end }: WrittenSection, written: string): string {
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from === -1 || to < from) throw new Error(`${document} has no place for what is written: ${begin} … ${end}`);
  return `${text.slice(0, from)}${begin}\n${written}${text.slice(to)}`;
}
