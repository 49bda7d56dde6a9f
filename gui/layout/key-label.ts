const named: Readonly<Record<string, string>> = {
  pageup: "PgUp",
  pagedown: "PgDn",
  escape: "Esc",
  delete: "Del",
  up: "↑",
  down: "↓",
  left: "←",
  right: "→",
};
const modifiers = [
  ["C-", "Ctrl"],
  ["M-", "Alt"],
  ["S-", "Shift"],
] as const;

/** A key as people call it: `C-q` is Ctrl-Q. */
export function keyLabel(key: string): string {
  for (const [begin, name] of modifiers) {
    if (key.startsWith(begin)) return `${name}-${keyLabel(key.slice(begin.length))}`;
  }
  return named[key] ?? key.charAt(0).toUpperCase() + key.slice(1);
}

/** The first key of an action, for a hint; a user may bind an action to none. */
export const firstKey = ([first]: readonly string[]): string => (first === undefined ? "no key" : keyLabel(first));
