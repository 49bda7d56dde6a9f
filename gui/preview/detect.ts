import type { PixelSize } from "../../core/media/pixels.ts";
import type { Clock } from "../../core/platform/clock.ts";
import type { TerminalAnswer } from "../terminal/input.ts";
import type { Colours } from "./half-blocks.ts";
import { kittyCommand } from "./kitty.ts";

/** How a terminal can show pictures. */
export interface Graphics {
  readonly kind: "kitty" | "sixel" | "halfBlocks";
  readonly colours: Colours;
  /** A cell's size in pixels, if the terminal has answered that. */
  readonly cell: PixelSize | undefined;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** The longest wait for answers. Every terminal answers the last question, those far away after a round trip. */
const answerMsMax = 500;
/** Names our question in the answer of Kitty's protocol. */
const questionId = 31;

/**
 * The questions to a terminal about what it can show. Every terminal answers the last one, for its attributes. tmux would take
 * the one of Kitty's protocol for a title, and is not asked it.
 */
export function graphicsQuery(environment: Environment): string {
  const kitty = kittyCommand(`i=${questionId},s=1,v=1,a=q,t=d,f=24`, "AAAA");
  return `${isInside(environment) ? "" : kitty}\u001b[16t\u001b[c`;
}

/** What the terminal can show, by its environment and its answers. Inside tmux and screen, only their own answers count. */
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
  /** Calls back with each answer of the terminal, until the returned function is called. */
  listen(onAnswer: (answer: TerminalAnswer) => void): () => void;
}

/** Asks the terminal, and waits for its answers for half a second at most. */
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
