/** What a text from somebody else may do to a terminal is taken from it: only line feeds stay of what is not shown. */
export function harmless(text: string): string {
  return plain.test(text) ? text : text.replace(/\r\n?/g, "\n").replaceAll("\t", "  ").replace(harmful, "�");
}

/** The same in one line. */
export const harmlessLine = (text: string): string => harmless(text).replaceAll("\n", " ");

const plain = /^[\x20-\x7e]*$/;
/** With them fillers of Hangul, which look like nothing: a name of them alone could be anybody's. */
const harmful =
  /[^\P{Cc}\n]|[\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c\u2028\u2029\u115f\u1160\u3164\uffa0]|\p{Cs}/gu;
