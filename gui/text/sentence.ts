/** Makes a sentence: a capital at the beginning, a full stop at the end, on one line. */
export function sentence(text: string): string {
  const line = ended(text);
  return line.charAt(0).toUpperCase() + line.slice(1);
}

/** As {@link sentence}, but the beginning stays as it is: it may be somebody's name. */
export function ended(text: string): string {
  const line = text.replace(/\s+/g, " ").trim();
  return /[.!?…]$/.test(line) ? line : `${line}.`;
}
