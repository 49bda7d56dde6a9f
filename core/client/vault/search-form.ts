/**
 * Characters of scripts that put no spaces between words, and pictures: each is a word of its own, so that it is found within
 * a text.
 */
const alone =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]|\p{Extended_Pictographic}/gu;
/** Characters that vary a picture (skin, colour) or join several. */
const varying = /[\p{Emoji_Modifier}\ufe0e\ufe0f\u200d]/gu;
const unsaid = /[\p{Cc}\p{Cs}]/gu;
const findable = /[\p{L}\p{N}\p{So}\p{Co}\p{Extended_Pictographic}]/u;

/** A text in the form in which its words are kept and searched. */
export function searchForm(text: string): string {
  return text.replaceAll(varying, " ").replaceAll(alone, " $& ").replaceAll(unsaid, " ");
}

/**
 * An FTS5 expression for what somebody typed: it matches texts with all of its words, the last of which may be unfinished.
 * Every word is quoted, so nothing that is typed is an operator or an error. Undefined when no word was typed.
 */
export function searchExpression(typed: string): string | undefined {
  const words = typed
    .split(/\s+/u)
    .map(searchForm)
    .filter((word) => findable.test(word));
  if (words.length === 0) return undefined;
  return `${words.map((word) => `"${word.replaceAll('"', '""')}"`).join(" ")}*`;
}
