/** Why a text cannot be sent: a code and a sentence, the same on the screen and on the command line. */
export interface TextRefusal {
  readonly code: "payload_too_large" | "title_too_long";
  readonly detail: string;
}

/** Longest text of one message, in UTF-16 units: sealed, it must fit into a frame. */
export const textLengthMax = 16_384;

/** The refusal of a text that is too long for one message; undefined for one that can be sent. */
export function textRefusal(text: string): TextRefusal | undefined {
  if (text.length <= textLengthMax) return undefined;
  return {
    code: "payload_too_large",
    detail: `a message has at most ${textLengthMax} characters; this one has ${text.length}`,
  };
}

/** Longest title of a group, in UTF-16 units. */
const titleLengthMax = 200;

/** The refusal of a text that is too long for a group's title; undefined for one that can be a title. */
export function titleRefusal(title: string): TextRefusal | undefined {
  if (title.length <= titleLengthMax) return undefined;
  return { code: "title_too_long", detail: `a group's name has at most ${titleLengthMax} characters` };
}
