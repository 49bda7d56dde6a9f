import { titleFault, titleLengthMax } from "../../wire/title.ts";

/** Why a content cannot be sent: a code and a sentence, the same on the screen and on the command line. */
export interface ContentRefusal {
  readonly code: "payload_too_large";
  readonly detail: string;
}

/** Why a text can be no group's title. */
export interface TitleRefusal {
  readonly code: "title_invalid" | "title_too_long";
  readonly detail: string;
}

/** Longest text that a person sends in one message, in UTF-16 units. */
export const textLengthMax = 16_384;

/** The refusal of a text that somebody has written; undefined for one that can be sent. */
export function textRefusal(text: string): ContentRefusal | undefined {
  if (text.length <= textLengthMax) return undefined;
  return tooLarge(`a message has at most ${textLengthMax} characters; this one has ${text.length}`);
}

/** Longest text of any content, in bytes of UTF-8: with all else that a content has, it fits into a payload (`payloadBytesMax`). */
export const textBytesMax = 63_000;

/** The refusal of a content that fits into no message, before it is kept; undefined for one that can be sent. */
export function contentRefusal({ text = "" }: { readonly text?: string | undefined }): ContentRefusal | undefined {
  // A UTF-16 unit takes three bytes at most, so that a short text need not be measured.
  const bytes = text.length * 3 <= textBytesMax ? 0 : Buffer.byteLength(text);
  return bytes <= textBytesMax
    ? undefined
    : tooLarge(`a message has at most ${textBytesMax} bytes; this one has ${bytes}`);
}

const tooLarge = (detail: string): ContentRefusal => ({ code: "payload_too_large", detail });

/** The refusal of a text that can be no group's title; undefined for one that can. */
export function titleRefusal(title: string): TitleRefusal | undefined {
  const code = titleFault(title);
  switch (code) {
    case undefined:
      return undefined;
    case "title_too_long":
      return { code, detail: `a group's name has at most ${titleLengthMax} characters` };
    case "title_invalid":
      return { code, detail: "a group's name is one line with something to see in it" };
    default:
      return code satisfies never;
  }
}
