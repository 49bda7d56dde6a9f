import { PassThrough, type Readable, type Writable } from "node:stream";
import { StringDecoder } from "node:string_decoder";
import library from "blessed";
import type { Cancel, Clock } from "../../core/platform/clock.ts";
import { type Frame, frameOf } from "../layout/frame.ts";
import { graphicPlaces } from "../layout/graphics.ts";
import { hit } from "../layout/hit.ts";
import type { Event } from "../model/event.ts";
import type { Size, State } from "../model/state.ts";
import { graphemesOf } from "../text/width.ts";
import { type Cell, cellsOf } from "./cells.ts";
import { GraphicsLayer, type GraphicsProtocol } from "./graphics-layer.ts";
import { type InputPart, InputParts } from "./input-parts.ts";
import { Pace } from "./pace.ts";
import { inTrueColour, isTrueColour, steadyText } from "./steady-text.ts";
import { themeFor } from "./theme.ts";

export interface ScreenOptions {
  /** Keys and the mouse; pastes, focus and answers of the terminal are taken out before. */
  readonly input: Readable;
  readonly output: Writable & Size;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /** For a terminal that shows the pixels of pictures. */
  readonly graphics?: GraphicsProtocol | undefined;
  /** What the user does. */
  onEvent(event: Event): void;
}

/** At most one draw in this time: more of them nobody would see. */
const drawPeriodMs = 16;
/** An escape that is alone for this long is the key Escape. */
const escapeMs = 40;

/** What is used of blessed; its published types lack most of it. */
interface Blessed {
  screen(options: {
    readonly input: NodeJS.ReadableStream;
    readonly output: NodeJS.WritableStream;
    readonly fullUnicode: boolean;
    readonly forceUnicode: boolean;
    readonly terminal: string;
  }): BlessedScreen;
}

interface BlessedScreen {
  /** Rows of cells: rendition and character. */
  readonly lines: ([rendition: number, text: string][] & { dirty: boolean })[];
  readonly dattr: number;
  readonly tput: { brokenACS: boolean; readonly colors: number };
  readonly program: {
    on(event: "keypress", listener: (text: string | undefined, key: BlessedKey) => void): void;
    on(event: "resize", listener: () => void): void;
    cup(row: number, column: number): void;
    showCursor(): void;
    hideCursor(): void;
  };
  attrCode(code: string, current: number, plain: number): number;
  draw(first: number, last: number): void;
  realloc(): void;
  destroy(): void;
}

interface BlessedKey {
  readonly name?: string;
  /** The same with its modifiers. */
  readonly full?: string;
}

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what is used of it is tested; its published types lack most of it
const blessed = library as unknown as Blessed;

/**
 * The terminal while the client has it: draws states, and emits what the user does as events.
 *
 * Cells are written straight into blessed's screen, which writes what has changed. Its boxes would measure
 * text themselves, at every draw and with widths of their own.
 */
export class Screen {
  readonly #options: ScreenOptions;
  readonly #screen: BlessedScreen;
  /** blessed reads this: only the escape sequences of keys. */
  readonly #sequences = new PassThrough();
  readonly #parts = new InputParts();
  readonly #decoder = new StringDecoder("utf8");
  readonly #pace: Pace;
  readonly #renditions = new Map<string, number>();
  readonly #graphics: GraphicsLayer | undefined;
  #state: State | undefined;
  #escape: Cancel | undefined;
  #isOpen = true;

  constructor(options: ScreenOptions) {
    this.#options = options;
    const { input, output, clock, environment } = options;
    this.#graphics = options.graphics && new GraphicsLayer(options.graphics);
    const terminal = describedAs(environment["TERM"]);
    this.#screen = blessed.screen({ input: this.#sequences, output, fullUnicode: true, forceUnicode: true, terminal });
    // Lines are drawn in UTF-8, like everything else, and not in the alternative character set of a VT100.
    this.#screen.tput.brokenACS = true;
    this.#pace = new Pace(clock, drawPeriodMs, () => this.#draw());
    this.#screen.program.on("keypress", (_text, key) => this.#pressed(key));
    this.#screen.program.on("resize", () => this.#resized());
    input.on("data", this.#onData);
  }

  get size(): Size {
    const { columns, rows } = this.#options.output;
    return { columns, rows };
  }

  /** Draws this state, unless another follows at once. */
  show(state: State): void {
    this.#state = state;
    this.#pace.ask();
  }

  /** Draws everything anew, whatever the terminal shows. */
  redraw(): void {
    this.#graphics?.forget();
    this.#screen.realloc();
    this.#draw();
  }

  close(): void {
    this.#isOpen = false;
    this.#pace.stop();
    this.#escape?.();
    this.#options.input.off("data", this.#onData);
    this.#screen.destroy();
  }

  readonly #onData = (bytes: Buffer) => {
    this.#escape?.();
    this.#escape = undefined;
    this.#heard(this.#parts.push(this.#decoder.write(bytes)));
    if (!this.#parts.isWaiting) return;
    this.#escape = this.#options.clock.after(escapeMs, () => this.#heard(this.#parts.flush()));
  };

  #heard(parts: readonly InputPart[]): void {
    for (const part of parts) this.#hear(part);
  }

  #hear(part: InputPart): void {
    const { onEvent } = this.#options;
    switch (part.kind) {
      case "text":
        for (const { text } of graphemesOf(part.text))
          onEvent({ kind: "key", name: text === " " ? "space" : text, text });
        return;
      case "sequence":
        this.#sequences.write(part.text);
        return;
      case "click":
      case "wheel":
        return this.#pointed(part);
      case "key":
        return onEvent(part);
      default:
        part satisfies never;
    }
  }

  #pressed({ full, name }: BlessedKey): void {
    // blessed emits an enter twice, as "return" and as "enter".
    if (full === undefined || name === "return") return;
    this.#options.onEvent({ kind: "key", name: name === "linefeed" ? "C-j" : full });
  }

  #pointed(part: Extract<InputPart, { kind: "click" | "wheel" }>): void {
    const at = this.#state && hit(this.#state, part.x, part.y);
    // Where nothing is under the mouse, the wheel scrolls the conversation.
    if (part.kind === "wheel") this.#options.onEvent({ kind: "wheel", on: at?.on ?? "conversation", up: part.up });
    else if (at && at.row >= 0) this.#options.onEvent({ kind: "click", ...at });
  }

  #resized(): void {
    this.#options.onEvent({ kind: "resized", size: this.size });
    this.redraw();
  }

  #draw(): void {
    const state = this.#state;
    if (!state || !this.#isOpen) return;
    const frame = frameOf(state);
    const theme = themeFor(state.settings, this.#options.environment, this.#screen.tput.colors);
    const { isRedrawn, sequences } = this.#graphics?.change(graphicPlaces(frame)) ?? {
      isRedrawn: false,
      sequences: "",
    };
    if (isRedrawn) this.#screen.realloc();
    this.#write(cellsOf(frame, state.size, theme));
    this.#screen.draw(0, this.#screen.lines.length - 1);
    if (sequences !== "") this.#options.output.write(sequences);
    this.#placeCursor(frame.cursor);
  }

  #write(rows: readonly (readonly Cell[])[]): void {
    for (const [y, line] of this.#screen.lines.entries()) {
      const row = rows[y];
      for (const [x, cell] of line.entries()) {
        const { text: shown, rendition } = row?.[x] ?? { text: " ", rendition: "" };
        const steady = steadyText(shown, { x, columns: row?.[x + 1]?.text === "" ? 2 : 1 });
        const isTrue = isTrueColour(rendition);
        const text = isTrue ? inTrueColour(steady, rendition) : steady;
        const code = isTrue ? this.#screen.dattr : this.#renditionCode(rendition);
        if (cell[0] === code && cell[1] === text) continue;
        cell[0] = code;
        cell[1] = text;
        line.dirty = true;
      }
    }
  }

  #renditionCode(rendition: string): number {
    const known = this.#renditions.get(rendition);
    if (known !== undefined) return known;
    // Pictures have many renditions.
    if (this.#renditions.size > 10_000) this.#renditions.clear();
    const plain = this.#screen.dattr;
    const code = rendition === "" ? plain : this.#screen.attrCode(`\u001b[${rendition}m`, plain, plain);
    this.#renditions.set(rendition, code);
    return code;
  }

  #placeCursor(cursor: Frame["cursor"]): void {
    const { program } = this.#screen;
    if (!cursor) {
      program.hideCursor();
      return;
    }
    program.cup(cursor.y, cursor.x);
    program.showCursor();
  }
}

/**
 * The kind of terminal that blessed is given as its own. It reads only old descriptions of terminals (terminfo before 2018), and brings
 * these two along. Nothing is used of them but what all terminals of today have in common with them.
 */
const describedAs = (term = ""): string => (/^(?:xterm|linux|vt\d+)$/.test(term) ? "xterm" : "xterm-256color");
