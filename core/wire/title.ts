/** Longest title of a group, in UTF-16 units. */
export const titleLengthMax = 200;

/**
 * What is wrong with a group's title; undefined for one that may be shown. It is one line with something to see in it: no control
 * characters and no separators of lines (general categories Cc, Zl and Zp).
 */
export function titleFault(title: string): "title_invalid" | "title_too_long" | undefined {
  if (title.length > titleLengthMax) return "title_too_long";
  return title.trim() === "" || /[\p{Cc}\p{Zl}\p{Zp}]/u.test(title) ? "title_invalid" : undefined;
}
