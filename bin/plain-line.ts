/** What would move the cursor, colour the screen, turn the direction of writing or begin a line of its own. */
const unprintable = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]|(?![\u200c\u200d])\p{Cf}/gu;
const lineEnds = /\r\n|[\n\r\v\f\u0085\u2028\u2029]/gu;

/** What somebody else wrote, as a part of one line of a terminal: nothing in it does anything but stand there. */
export function plainLine(text: string): string {
  return text.replace(lineEnds, " ⏎ ").replace(/\t/g, " ").replace(unprintable, "\ufffd");
}

/** A value as one line of JSON that is harmless in a terminal, too: the same value to whoever parses it. */
export function jsonLine(value: unknown): string {
  return JSON.stringify(value).replace(unprintable, (character) =>
    Array.from(character)
      .flatMap((one) => one.split(""))
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
      .join(""),
  );
}
