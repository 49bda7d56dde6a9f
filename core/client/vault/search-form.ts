/**
 * What is written without spaces between words, and pictures: each character is a word of its own, so that they are found
 * wherever they stand.
 */
const alone =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]|\p{Extended_Pictographic}/gu;
/** What varies a picture (skin, colour) or joins several. */
const varying = /[\p{Emoji_Modifier}\ufe0e\ufe0f\u200d]/gu;
const unsaid = /[\p{Cc}\p{Cs}]/gu;
const findable = /[\p{L}\p{N}\p{So}\p{Co}\p{Extended_Pictographic}]/u;

/** A text in the form in which it is looked for. */
export function searchForm(text: string): string {
  return text.replaceAll(varying, " ").replaceAll(alone, " $& ").replaceAll(unsaid, " ");
}

/**
 * What somebody typed, as an FTS5 expression: all of its words, the last one perhaps not finished. Everything is quoted, so
 * nothing that may be typed is an operator or an error. Undefined when there is nothing in it to look for.
 */
export function searchExpression(typed: string): string | undefined {
  const words = typed
    .split(/\s+/u)
    .map(searchForm)
    .filter((word) => findable.test(word));
  if (words.length === 0) return undefined;
  return `${words.map((word) => `"${word.replaceAll('"', '""')}"`).join(" ")}*`;
}
