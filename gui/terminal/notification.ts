import { briefLine } from "../../core/client/index.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** Desktops show no more than this. */
const charactersMax = 200;

/**
 * A bell, and a notification of the desktop where the terminal can show one: OSC 9 (iTerm2, kitty, WezTerm, Ghostty) or OSC
 * 777 (urxvt, foot). Others ignore it. What it says was written by somebody else: nothing in it can end the sequence.
 */
export function notification({ title, text }: { title: string; text: string }, environment: Environment): string {
  const [head, body] = [briefLine(title, charactersMax), briefLine(text, charactersMax)];
  const term = environment["TERM"] ?? "";
  const osc = /^(?:rxvt|foot)/.test(term)
    ? `\u001b]777;notify;${head.replaceAll(";", ",")};${body}\u0007`
    : // A number first would be a command of ConEmu and of Windows Terminal.
      `\u001b]9;${/^\s*\d/.test(head) ? `“${head}”` : head}: ${body}\u0007`;
  return `\u0007${passed(osc, environment)}`;
}

/** Through tmux to the terminal around it, if its user has set `allow-passthrough`. */
export function passed(sequence: string, environment: Environment): string {
  if (!environment["TMUX"]) return sequence;
  return `\u001bPtmux;${sequence.replaceAll("\u001b", "\u001b\u001b")}\u001b\\`;
}
