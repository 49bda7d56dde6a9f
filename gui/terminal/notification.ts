type Environment = Readonly<Record<string, string | undefined>>;

/** More than this no desktop shows. */
const textMax = 200;

/**
 * A bell, and a notification of the desktop where the terminal can show one: OSC 9 (iTerm2, kitty, WezTerm, Ghostty) or OSC
 * 777 (urxvt, foot). Others take no notice. What it says was written by somebody else: nothing in it can end the sequence.
 */
export function notification({ title, text }: { title: string; text: string }, environment: Environment): string {
  const [head, body] = [harmless(title), harmless(text)];
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

/** One line of no control characters, and none that turn what follows around. */
function harmless(text: string): string {
  const line = text.replace(/\s+/g, " ").replace(/[\p{Cc}\p{Cs}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, "");
  const characters = Array.from(line.trim());
  return characters.length <= textMax ? characters.join("") : `${characters.slice(0, textMax - 1).join("")}…`;
}
