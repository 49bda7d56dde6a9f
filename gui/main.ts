import type { LocalAccountParts } from "../core/client/index.ts";
import { systemClock as clock } from "../core/platform/clock.ts";
import { EffectRunner } from "./effects/effect-runner.ts";
import type { Terminal as Surroundings } from "./effects/surroundings.ts";
import { systemViewer } from "./effects/system-viewer.ts";
import type { Bindings } from "./keys/bindings.ts";
import { viewport } from "./layout/viewport.ts";
import type { Effect } from "./model/effect.ts";
import type { Event } from "./model/event.ts";
import { defaultSettings } from "./model/settings.ts";
import { beginSignIn } from "./model/sign-in.ts";
import type { State } from "./model/state.ts";
import { initialState, update } from "./model/update.ts";
import { detectGraphics, type Graphics, graphicsOf } from "./preview/detect.ts";
import { Drawings } from "./preview/drawings.ts";
import { Previews } from "./preview/preview-tasks.ts";
import { Screen } from "./screens/screen.ts";
import { writeInEditor } from "./terminal/external-editor.ts";
import type { TerminalAnswer } from "./terminal/input.ts";
import { notification } from "./terminal/notification.ts";
import { Terminal } from "./terminal/terminal.ts";

export interface ChatOptions {
  readonly parts: LocalAccountParts;
  readonly bindings: Bindings;
  readonly server: string;
  readonly user?: string | undefined;
  readonly profile?: string | undefined;
  /** Opens the profile at once. */
  readonly password?: string | undefined;
  readonly signal: AbortSignal;
}

/** How often a `tick` comes: while a spinner turns, and otherwise. */
const busyTickMs = 120;
const idleTickMs = 1000;

/** Runs the client in this terminal; resolves when the user has left it, or the signal says so. */
export async function startChat(options: ChatOptions): Promise<void> {
  const chat = new RunningChat(options);
  try {
    await chat.ended;
  } finally {
    await chat.close();
  }
}

class RunningChat {
  readonly ended: Promise<void>;
  readonly #effects: EffectRunner;
  readonly #terminal: Terminal;
  readonly #screen: Screen;
  readonly #previews: Previews;
  readonly #answers = new Set<(answer: TerminalAnswer) => void>();
  #state: State;
  #ticking: NodeJS.Timeout | undefined;
  #end: () => void = () => {};

  constructor({ parts, bindings, server, user, profile, password, signal }: ChatOptions) {
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    const emit = (event: Event) => this.#hear(event);
    this.#terminal = new Terminal({
      stdin: process.stdin,
      stdout: process.stdout,
      clock,
      onItem: (item) => {
        if (item.kind !== "answer") return emit(item);
        for (const listen of this.#answers) listen(item.answer);
      },
      onBack: () => this.#screen.redraw(),
      onEnd: () => this.#effects.close(),
    });
    const { input, output } = this.#terminal;
    const environment = process.env;
    this.#previews = new Previews(graphicsOf(environment, []).colours, clock);
    const pictures = new Drawings(this.#previews, () => this.#askWhatItShows());
    this.#effects = new EffectRunner({
      machine: parts,
      emit,
      terminal: this.#surroundings(),
      viewer: systemViewer(clock),
      pictures,
    });
    const scene = beginSignIn(this.#effects.profiles(), { server, user, profile });
    const size = { columns: output.columns, rows: output.rows };
    this.#state = initialState({ size, nowMs: clock.now(), settings: defaultSettings, bindings, scene });
    this.#terminal.open();
    this.#screen = new Screen({ input, output, environment, clock, graphics: pictures, onEvent: emit });
    this.#screen.show(this.#state);
    this.#tick();
    signal.addEventListener("abort", () => this.#perform({ kind: "quit" }), { once: true });
    const known = scene.chosen === undefined ? undefined : scene.profiles[scene.chosen];
    if (password !== undefined && known) this.#perform({ kind: "openAccount", profile: known.name, password });
  }

  async close(): Promise<void> {
    clearTimeout(this.#ticking);
    this.#screen.close();
    this.#terminal.close();
    await Promise.all([this.#effects.close(), this.#previews.close()]);
  }

  #hear(event: Event): void {
    const { state, effects } = update(this.#state, event, viewport);
    this.#state = state;
    this.#screen.show(state);
    for (const effect of effects) this.#perform(effect);
  }

  #perform(effect: Effect): void {
    void this.#effects.perform(effect);
  }

  #askWhatItShows(): Promise<Graphics> {
    const { output } = this.#terminal;
    return detectGraphics({
      environment: process.env,
      clock,
      write: (text) => void output.write(text),
      listen: (onAnswer) => {
        this.#answers.add(onAnswer);
        return () => this.#answers.delete(onAnswer);
      },
    });
  }

  #tick(): void {
    const { scene } = this.#state;
    const isBusy = scene.kind === "signIn" ? scene.busy !== undefined : scene.transfers.size > 0;
    this.#ticking = setTimeout(
      () => {
        this.#hear({ kind: "tick", nowMs: clock.now() });
        this.#tick();
      },
      isBusy ? busyTickMs : idleTickMs,
    );
  }

  #surroundings(): Surroundings {
    const terminal = this.#terminal;
    return {
      edit: (text) => writeInEditor(text, terminal, process.env),
      notify: (title, text) => void terminal.output.write(notification({ title, text }, process.env)),
      redraw: () => this.#screen.redraw(),
      suspend: () => terminal.suspend(),
      quit: () => this.#end(),
    };
  }
}
