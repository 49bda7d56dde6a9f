/** Begins with a capital, ends with a full stop, and is one line. */
export function sentence(text: string): string {
  const line = ended(text);
  return line.charAt(0).toUpperCase() + line.slice(1);
}

/** As {@link sentence}, for one that begins with somebody's name: that stays as it is. */
export function ended(text: string): string {
  const line = text.replace(/\s+/g, " ").trim();
  return /[.!?…]$/.test(line) ? line : `${line}.`;
}
