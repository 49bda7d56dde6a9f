import type { ColourDepth } from "./blocks.ts";
import type { Size } from "./picture.ts";

/**
 * Asks a terminal what it can draw: whether it takes a picture of one pixel by Kitty's protocol, how many pixels a cell has
 * (xterm's window operation 16), and last its primary attributes, which every terminal answers, so that nobody waits for
 * answers that do not come.
 */
export const capabilityQuestions = "\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\\x1b[16t\x1b[c";

export interface CapabilityAnswers {
  readonly kitty: boolean;
  readonly sixel: boolean;
  readonly cell: Size | undefined;
  /** The last answer has come. */
  readonly isComplete: boolean;
  /** What was typed meanwhile, and is for whoever reads the keyboard. */
  readonly typed: Buffer;
}

/** Reads the answers out of what the terminal has sent so far, whichever have come, however cut. */
export function readAnswers(bytes: Uint8Array): CapabilityAnswers {
  let text = Buffer.from(bytes).toString("latin1");
  const take = (answer: RegExp): RegExpExecArray | null => {
    const found = answer.exec(text);
    if (found) text = text.slice(0, found.index) + text.slice(found.index + found[0].length);
    return found;
  };
  const kitty = take(/\x1b_Gi=31;([^\x1b]*)\x1b\\/);
  const cell = take(/\x1b\[6;(\d+);(\d+)t/);
  const attributes = take(/\x1b\[\?([\d;]*)c/);
  const size = cell && { width: Number(cell[2]), height: Number(cell[1]) };
  return {
    kitty: kitty?.[1] === "OK",
    sixel: attributes?.[1]?.split(";").includes("4") ?? false,
    cell: size && size.width > 0 && size.height > 0 ? size : undefined,
    isComplete: attributes !== null,
    // An answer that broke off is no key.
    typed: Buffer.from(text.replace(/\x1b(_G[^\x1b]*\x1b?|\[6[\d;]*|\[\?[\d;]*)$/, ""), "latin1"),
  };
}

export interface Capabilities {
  readonly colours: ColourDepth | "16" | "none";
  readonly pictures: "kitty" | "sixel" | "blocks" | "none";
  readonly cell: Size | undefined;
}

/**
 * What a terminal can draw, from its answers and the variables by which it says so (https://github.com/termstandard/colors,
 * https://no-color.org). tmux and screen answer for themselves: what they say of Sixel holds, and Kitty's pictures would not
 * get through them.
 */
export function capabilities(
  env: Readonly<Record<string, string | undefined>>,
  answers: Pick<CapabilityAnswers, "kitty" | "sixel" | "cell">,
): Capabilities {
  const colours = coloursOf(env);
  const isMultiplexed = Boolean(env["TMUX"] ?? env["STY"]) || /^(tmux|screen)/.test(env["TERM"] ?? "");
  const blocks = colours === "true colour" || colours === "256" ? "blocks" : "none";
  const pictures = answers.kitty && !isMultiplexed ? "kitty" : answers.sixel ? "sixel" : blocks;
  return { colours, pictures: colours === "none" ? "none" : pictures, cell: answers.cell };
}

function coloursOf(env: Readonly<Record<string, string | undefined>>): Capabilities["colours"] {
  const term = env["TERM"] ?? "";
  if (env["NO_COLOR"] || term === "dumb") return "none";
  if (/^(truecolor|24bit)$/.test(env["COLORTERM"] ?? "") || /-direct$|^xterm-(kitty|ghostty)/.test(term))
    return "true colour";
  return /256|^(tmux|screen|alacritty|foot|wezterm)/.test(term) || env["COLORTERM"] ? "256" : "16";
}
