import type { PixelSize } from "../../core/media/pixels.ts";
import type { Clock } from "../../core/platform/clock.ts";
import type { TerminalAnswer } from "../terminal/input.ts";
import type { Colours } from "./half-blocks.ts";
import { kittyCommand } from "./kitty.ts";

/** How a terminal can show pictures. */
export interface Graphics {
  readonly kind: "kitty" | "sixel" | "halfBlocks";
  readonly colours: Colours;
  /** A cell's size in pixels, if the terminal tells. */
  readonly cell: PixelSize | undefined;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Far terminals answer after a round trip; those that know nothing of it answer the last question all the same. */
const answerMsMax = 500;
/** Names our question among the answers. */
const questionId = 31;

/**
 * Asks a terminal what it can show. Every terminal answers the last question, its attributes; tmux takes Kitty's for a title,
 * and is not asked it.
 */
export function graphicsQuery(environment: Environment): string {
  const kitty = kittyCommand(`i=${questionId},s=1,v=1,a=q,t=d,f=24`, "AAAA");
  return `${isInside(environment) ? "" : kitty}\u001b[16t\u001b[c`;
}

/** What its environment and its answers say. Inside tmux and screen, what is around them counts only if they answer for it. */
export function graphicsOf(environment: Environment, answers: readonly TerminalAnswer[]): Graphics {
  const cell = answers.find((answer) => answer.of === "cell");
  const attributes = answers.find((answer) => answer.of === "attributes")?.attributes ?? [];
  const isKitty = answers.some(
    (answer) => answer.of === "kitty" && answer.message === "OK" && answer.keys.split(",").includes(`i=${questionId}`),
  );
  return {
    kind: isKitty && !isInside(environment) ? "kitty" : attributes.includes(4) ? "sixel" : "halfBlocks",
    colours: coloursOf(environment),
    cell: cell && cell.width > 0 && cell.height > 0 ? { width: cell.width, height: cell.height } : undefined,
  };
}

export interface Asked {
  readonly environment: Environment;
  readonly clock: Clock;
  write(text: string): void;
  /** Tells the terminal's answers from now on, until what it answers is called. */
  listen(onAnswer: (answer: TerminalAnswer) => void): () => void;
}

/** Asks, and waits for the answers, but not for long. */
export function detectGraphics({ environment, clock, write, listen }: Asked): Promise<Graphics> {
  return new Promise((resolve) => {
    const answers: TerminalAnswer[] = [];
    const done = () => {
      cancel();
      silence();
      resolve(graphicsOf(environment, answers));
    };
    const cancel = clock.after(answerMsMax, done);
    const silence = listen((answer) => {
      answers.push(answer);
      if (answer.of === "attributes") done();
    });
    write(graphicsQuery(environment));
  });
}

function isInside({ TMUX: tmux, STY: screen, TERM: term = "" }: Environment): boolean {
  return Boolean(tmux || screen) || /^(?:screen|tmux)/.test(term);
}

function coloursOf({ COLORTERM: colours = "", TERM: term = "" }: Environment): Colours {
  return /^(?:truecolor|24bit)$/i.test(colours) ||
    /-direct$|^(?:xterm-kitty|xterm-ghostty|alacritty|wezterm|foot)/.test(term)
    ? "true"
    : "256";
}
