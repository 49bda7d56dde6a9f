import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { signUpHere, ThisMachine, type ThisMachineOptions } from "../../core/client/index.ts";
import { systemClock as clock, sleep } from "../../core/platform/clock.ts";
import { Failure } from "../../core/platform/failure.ts";
import type { Log } from "../../core/platform/log.ts";
import { projectRoot } from "../../core/platform/project-root.ts";
import { seededRandom } from "../../core/platform/random.ts";
import type { GroupId } from "../../core/wire/ids.ts";
import { Latencies } from "../../loadgen/recorder/recorder.ts";
import { sendWhenDue } from "../../loadgen/workload/pace.ts";
import { Arrivals } from "../../loadgen/workload/schedule.ts";
import { throwIfInterrupted } from "../document/interruption.ts";
import type { MicroDocument } from "../document/micro-document.ts";
import { type BenchPerson, foundGroup, outboxMax } from "../started/bench-person.ts";
import { processUsage } from "../started/process-usage.ts";
import { PseudoTerminal } from "../started/pseudo-terminal.ts";

export interface MicroGuiSettings {
  readonly messages: number;
  readonly keys: number;
  readonly incomingPerSecond: number;
  readonly incomingSeconds: number;
  readonly idleSeconds: number;
  /** How long to wait until the work that starting and typing left behind is over. */
  readonly quietSeconds: number;
  /** Options of the machine on which the reader signs up. */
  readonly machine?: ThisMachineOptions;
}

export interface GuiSessionParts {
  readonly target: string;
  /** The directory in which the client's home is made. */
  readonly directory: string;
  /** The user who writes the messages that the client shows. */
  readonly writer: BenchPerson;
  readonly log: Log;
  readonly signal: AbortSignal;
  onStep(what: string): void;
  /** Reports all figures that were measured so far. */
  keep(figures: Figures): void;
}

type Figures = MicroDocument["figures"];

const screen = { columns: 120, rows: 40, environment: { TERM: "xterm-256color", COLORTERM: "truecolor" } };
const keyPauseMs = 30;
const patienceMs = 60_000;
/** Letters that no message has: one of these on the screen was typed. */
const typedLetters = "абвгдежзиклмнопрстуфхцчшщэюя";
/**
 * The last messages of the two conversations. The client draws only characters that differ from those on the screen. No letter
 * of one is in the same column of the other, or of any other message, so that each is drawn whole whatever its line showed.
 */
const lastInQuiet = "ENDOFQUIET";
const lastInLarge = "LARGEENDS!";
const password = "correct horse battery staple";

/** A terminal client that is started, typed at, and left. */
export class GuiSession {
  readonly #target: string;
  readonly #home: string;
  readonly #passwordFile: string;
  readonly #writer: BenchPerson;
  readonly #settings: MicroGuiSettings;
  readonly #parts: GuiSessionParts;
  readonly #figures: Figures = [];
  #typed = 0;

  constructor(settings: MicroGuiSettings, parts: GuiSessionParts) {
    this.#target = parts.target;
    this.#home = path.join(parts.directory, "home");
    this.#passwordFile = path.join(parts.directory, "password");
    this.#writer = parts.writer;
    this.#settings = settings;
    this.#parts = parts;
  }

  async measure(): Promise<Figures> {
    const { messages, keys, incomingPerSecond, incomingSeconds, idleSeconds, quietSeconds } = this.#settings;
    const { large } = await this.#fillVault();
    this.#step("the client starts");
    const startMs = clock.monotonic();
    const terminal = this.#start();
    const abort = () => terminal.kill();
    this.#parts.signal.addEventListener("abort", abort, { once: true });
    try {
      const usableMs = (await terminal.until(lastInQuiet, patienceMs)) - startMs;
      const pid = await terminal.pid;
      await sleep(clock, quietSeconds * 1000, this.#parts.signal);
      const openMs = await terminal.echo("\x1b[1;3B", lastInLarge, patienceMs);
      this.#found(
        { name: "messages in the vault", value: messages, unit: "" },
        { name: "start to usable", value: usableMs, unit: "ms" },
        { name: "opening the large conversation", value: openMs, unit: "ms" },
      );
      this.#step(`${keys} keys`);
      this.#found(...latencyFigures("key to screen", await this.#type(terminal, keys)));
      this.#step(`${keys} keys while ${incomingPerSecond} messages/s come in`);
      const coming = this.#send(large, incomingPerSecond, incomingSeconds);
      const busy = await this.#type(terminal, Math.min(keys, (incomingSeconds * 1000) / (keyPauseMs * 2)));
      const sent = await coming;
      this.#found(
        { name: "messages that came in while typing", value: sent, unit: "per second" },
        ...latencyFigures("key to screen meanwhile", busy),
      );
      await sleep(clock, quietSeconds * 1000, this.#parts.signal);
      this.#step("nothing happens");
      const idleCores = await this.#cores(pid, idleSeconds);
      const residentBytes = processUsage(pid)?.residentBytes ?? Number.NaN;
      const code = await terminal.quit("\x11");
      this.#found(
        { name: "CPU when idle", value: idleCores * 100, unit: "% of a core" },
        { name: "memory", value: residentBytes / 1024 / 1024, unit: "MiB" },
        { name: "exit code", value: code, unit: "" },
      );
      return this.#figures;
    } finally {
      this.#parts.signal.removeEventListener("abort", abort);
      terminal.kill();
    }
  }

  #step(what: string): void {
    throwIfInterrupted(this.#parts.signal);
    this.#parts.onStep(what);
  }

  /** Reports figures, unless the run was interrupted: what was cut off is no figure. */
  #found(...figures: Figures): void {
    throwIfInterrupted(this.#parts.signal);
    this.#figures.push(...figures);
    this.#parts.keep([...this.#figures]);
  }

  /** Makes the reader's profile, which is online while all messages are written. */
  async #fillVault(): Promise<{ large: GroupId }> {
    const { messages } = this.#settings;
    mkdirSync(this.#home, { recursive: true });
    writeFileSync(this.#passwordFile, `${password}\n`, { mode: 0o600 });
    const machine = new ThisMachine(this.#home, this.#settings.machine);
    const address = { profile: "reader", server: this.#target, trust: {}, user: "reader" };
    let received = 0;
    const account = await signUpHere(address, password, machine.parts, { message: () => received++ });
    try {
      await account.connect(password);
      const large = await foundGroup(this.#writer, "large", ["reader"]);
      const quiet = await foundGroup(this.#writer, "quiet", ["reader"]);
      const reportEvery = Math.ceil(messages / 50);
      for (let at = 1; at <= messages; at++) {
        await this.#until(() => this.#writer.client.mailbox.unsettled <= outboxMax / 2);
        const text = at === messages ? lastInLarge : `message ${at} with some words that somebody may look for`;
        this.#say(large, text);
        if (at % reportEvery === 0) this.#step(`${at} of ${messages} messages are written and read`);
        await this.#until(() => at - received <= 5000);
      }
      await this.#until(() => received >= messages);
      this.#say(quiet, lastInQuiet);
      await this.#until(() => received > messages);
      return { large };
    } finally {
      await account.close();
      await machine.close();
    }
  }

  async #until(holds: () => boolean): Promise<void> {
    while (!holds()) {
      throwIfInterrupted(this.#parts.signal);
      await sleep(clock, 5, this.#parts.signal);
    }
  }

  #start(): PseudoTerminal {
    const program = path.join(projectRoot, "dist", "bin", "fastchat.js");
    const flags = ["--home", this.#home, "--profile", "reader", "--password-file", this.#passwordFile];
    return new PseudoTerminal([process.execPath, program, "chat", ...flags], screen);
  }

  /** Types letters one after the other, and deletes each again, with pauses in which the deletion is drawn. */
  async #type(terminal: PseudoTerminal, count: number): Promise<Latencies> {
    const latencies = new Latencies();
    for (let at = 0; at < count; at++) {
      throwIfInterrupted(this.#parts.signal);
      const letter = typedLetters.charAt(this.#typed++ % typedLetters.length);
      latencies.record((await terminal.echo(letter, letter, patienceMs)) * 1000);
      await sleep(clock, keyPauseMs, this.#parts.signal);
      terminal.write("\x7f");
      await sleep(clock, keyPauseMs, this.#parts.signal);
    }
    return latencies;
  }

  /** Has the writer send messages at this rate; resolves with the rate at which they were acknowledged. */
  async #send(group: GroupId, perSecond: number, seconds: number): Promise<number> {
    const startMs = clock.monotonic();
    const { signal } = this.#parts;
    const pace = { clock, startMs, untilMs: startMs + seconds * 1000, stopped: () => signal.aborted };
    let acknowledged = 0;
    await sendWhenDue(new Arrivals("constant", perSecond, seededRandom(2)), pace, () => {
      // With a full outbox the message is left out: the figure is of those that came in.
      if (!this.#writer.client.mailbox.hasRoom) return;
      this.#say(group, `incoming ${acknowledged} with some words`, () => acknowledged++);
    });
    return acknowledged / ((clock.monotonic() - startMs) / 1000);
  }

  #say(group: GroupId, text: string, done: () => void = () => {}): void {
    const taken = this.#writer.client.send(group, { kind: "text", text }, (outcome) => {
      if (outcome.ok) return done();
      this.#parts.log.warn({ code: outcome.code }, "a message was refused");
    });
    if (!taken.ok) throw new Failure(taken.reason.code, taken.reason.detail, "send more slowly");
  }

  async #cores(pid: number, seconds: number): Promise<number> {
    const before = processUsage(pid)?.cpuSeconds ?? Number.NaN;
    await sleep(clock, seconds * 1000, this.#parts.signal);
    return ((processUsage(pid)?.cpuSeconds ?? Number.NaN) - before) / seconds;
  }
}

function latencyFigures(name: string, latencies: Latencies): Figures {
  const { p50, p99 } = latencies.quantiles() ?? { p50: null, p99: null };
  return [
    { name: `${name}, p50`, value: p50, unit: "ms" },
    { name: `${name}, p99`, value: p99, unit: "ms" },
  ];
}
