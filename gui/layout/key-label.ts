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
const modifiers: Readonly<Record<string, string>> = { C: "Ctrl", M: "Alt", S: "Shift" };

/** A key as people call it: `C-q` is Ctrl-Q. */
export function keyLabel(key: string): string {
  const [, modifier, rest] = /^([CMS])-(.+)$/.exec(key) ?? [];
  if (modifier !== undefined && rest !== undefined) return `${modifiers[modifier]}-${keyLabel(rest)}`;
  if (named[key]) return named[key];
  return key.length === 1 ? key.toUpperCase() : `${key[0]?.toUpperCase()}${key.slice(1)}`;
}

/** The first key of an action, for a hint. */
export const firstKey = (keys: readonly string[]): string => keyLabel(keys[0] ?? "");
