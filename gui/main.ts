import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { LocalAccountParts } from "../core/client/account/local-account.ts";
import { systemClock as clock } from "../core/platform/clock.ts";
import { Failure } from "../core/platform/failure.ts";
import { Desk } from "./desk/desk.ts";
import type { Terminal } from "./desk/surroundings.ts";
import { systemViewer } from "./desk/viewer.ts";
import type { Bindings } from "./keys/bindings.ts";
import { view } from "./layout/view.ts";
import type { Effect } from "./model/effect.ts";
import type { Event } from "./model/event.ts";
import { beginSignIn } from "./model/sign-in.ts";
import { defaultSettings, type State } from "./model/state.ts";
import { initialState, update } from "./model/update.ts";
import { Screen } from "./screens/screen.ts";

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

/** How often the clock moves: while something turns, and otherwise. */
const busyTickMs = 120;
const idleTickMs = 1000;

/** Runs the client in this terminal; resolves when the user has left it, or the signal says so. */
export async function startChat(options: ChatOptions): Promise<void> {
  const { stdin: input, stdout: output } = process;
  if (!input.isTTY || !output.isTTY) {
    throw new Failure("no_terminal", "fastchat chat needs a terminal", "use fastchat send, tail and groups in pipes");
  }
  const chat = new RunningChat(options);
  try {
    await chat.ended;
  } finally {
    await chat.close();
  }
}

class RunningChat {
  readonly ended: Promise<void>;
  readonly #desk: Desk;
  readonly #screen: Screen;
  #state: State;
  #ticking: NodeJS.Timeout | undefined;
  #end: () => void = () => {};

  constructor({ parts, bindings, server, user, profile, password, signal }: ChatOptions) {
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    const emit = (event: Event) => this.#hear(event);
    this.#desk = new Desk({ parts, emit, terminal: this.#terminal(), viewer: systemViewer });
    const { stdin: input, stdout: output } = process;
    const scene = beginSignIn(this.#desk.profiles(), { server, user, profile });
    const size = { columns: output.columns, rows: output.rows };
    this.#state = initialState({ size, nowMs: clock.now(), settings: defaultSettings, bindings, scene });
    this.#screen = new Screen({ input, output, environment: process.env, clock, onEvent: emit });
    this.#screen.show(this.#state);
    this.#tick();
    signal.addEventListener("abort", () => this.#perform({ kind: "quit" }), { once: true });
    const known = scene.chosen === undefined ? undefined : scene.profiles[scene.chosen];
    if (password !== undefined && known) this.#perform({ kind: "open", profile: known.name, password });
  }

  async close(): Promise<void> {
    clearTimeout(this.#ticking);
    this.#screen.close();
    await this.#desk.close();
  }

  #hear(event: Event): void {
    const { state, effects } = update(this.#state, event, view);
    this.#state = state;
    this.#screen.show(state);
    for (const effect of effects) this.#perform(effect);
  }

  #perform(effect: Effect): void {
    void this.#desk.perform(effect);
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

  #terminal(): Terminal {
    return {
      edit: async (text) => this.#edit(text),
      notify: (_title, _text) => void process.stdout.write("\u0007"),
      redraw: () => this.#screen.redraw(),
      suspend: () => {
        this.#screen.pause();
        process.once("SIGCONT", () => this.#screen.resume());
        process.kill(process.pid, "SIGTSTP");
      },
      quit: () => this.#end(),
    };
  }

  #edit(text: string): string | undefined {
    const directory = mkdtempSync(path.join(tmpdir(), "fastchat-edit-"));
    const file = path.join(directory, "message.txt");
    this.#screen.pause();
    try {
      writeFileSync(file, text, { mode: 0o600 });
      const editor = process.env.VISUAL ?? process.env.EDITOR ?? "vi";
      const { status } = spawnSync("sh", ["-c", `${editor} "$1"`, "sh", file], { stdio: "inherit" });
      return status === 0 ? readFileSync(file, "utf8") : undefined;
    } finally {
      this.#screen.resume();
      rmSync(directory, { recursive: true, force: true });
    }
  }
}
