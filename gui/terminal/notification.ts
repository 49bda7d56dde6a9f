import { cut } from "../screens/text/fit.ts";
import { harmlessLine } from "../screens/text/harmless.ts";

export const bell = "\x07";

/** Longer ones are cut by every desktop. */
const columnsMax = { title: 60, body: 200 };

/**
 * A notification of the desktop by way of the terminal: OSC 777 with a title, as urxvt, foot, WezTerm, Ghostty and VTE take
 * it, and OSC 9, as iTerm2, kitty and Windows Terminal do. Who knows neither ignores both. Names and texts of others are
 * made harmless, and within tmux packed so that it hands them on, if it is allowed to.
 */
export function notification(
  { title, body }: { readonly title: string; readonly body: string },
  way: { readonly osc: 9 | 777; readonly isInTmux: boolean },
): string {
  // A semicolon would end the title; one before a digit means another command than a notification to some.
  const fit = (text: string, max: number) => cut(harmlessLine(text), max).replaceAll(";", ",");
  const [first, second] = [fit(title, columnsMax.title), fit(body, columnsMax.body)];
  const sequence = way.osc === 9 ? `\x1b]9;${first}: ${second}\x07` : `\x1b]777;notify;${first};${second}\x07`;
  return way.isInTmux ? `\x1bPtmux;${sequence.replaceAll("\x1b", "\x1b\x1b")}\x1b\\` : sequence;
}

/** Which of the two a terminal takes. */
export function notificationOsc(env: Readonly<Record<string, string | undefined>>): 9 | 777 {
  const isNine =
    /^(iTerm|WezTerm|ghostty)/i.test(env["TERM_PROGRAM"] ?? "") || env["WT_SESSION"] || env["KITTY_WINDOW_ID"];
  return isNine ? 9 : 777;
}
