import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { signUpHere } from "../../core/client/account/local-account.ts";
import { ThisMachine } from "../../core/client/account/this-machine.ts";
import { systemClock as clock, sleep } from "../../core/platform/clock.ts";
import { Failure } from "../../core/platform/failure.ts";
import type { Log } from "../../core/platform/log.ts";
import { projectRoot } from "../../core/platform/project-root.ts";
import { seededRandom } from "../../core/platform/random.ts";
import type { GroupId } from "../../core/wire/ids.ts";
import { sendWhenDue } from "../../loadgen/pace.ts";
import { Latencies } from "../../loadgen/recorder.ts";
import { Arrivals } from "../../loadgen/schedule.ts";
import { type BenchPerson, foundGroup, outboxMax, signUpPerson } from "../bench-person.ts";
import { ServerProcess } from "../child-process.ts";
import { readEnvironment } from "../environment.ts";
import { Laboratory } from "../laboratory.ts";
import { processUsage } from "../process-usage.ts";
import { PseudoTerminal } from "../pseudo-terminal.ts";
import type { MicroDocument } from "../results.ts";

export interface MicroGuiOptions {
  readonly messages: number;
  readonly keys: number;
  readonly incomingPerSecond: number;
  readonly incomingSeconds: number;
  readonly idleSeconds: number;
  readonly log: Log;
  readonly signal: AbortSignal;
  onStep?(step: string): void;
}

export const microGuiDefaults = {
  messages: 50_000,
  keys: 300,
  incomingPerSecond: 500,
  incomingSeconds: 10,
  idleSeconds: 10,
} as const;

const screen = { columns: 120, rows: 40, environment: { TERM: "xterm-256color", COLORTERM: "truecolor" } };
const keyPauseMs = 30;
const patienceMs = 60_000;
/** What nobody else writes: whichever of these appears was typed. */
const typedLetters = Array.from("абвгдежзиклмнопрстуфхцчшщэюя");
const password = "correct horse battery staple";

/** The terminal client as it is started and used, at a pseudo-terminal, with a large conversation in its vault. */
export async function runMicroGui(options: MicroGuiOptions): Promise<MicroDocument> {
  if (!PseudoTerminal.isPossible()) {
    throw new Failure("no_pseudo_terminal", "this machine has no util-linux script", "run it on Linux");
  }
  const startedAt = new Date().toISOString();
  const laboratory = await Laboratory.open(options.log, 1);
  try {
    const server = await ServerProcess.start({ kind: "fastchat", config: await laboratory.serveConfig({}) });
    try {
      const writer = await signUpPerson(server.target, "writer", laboratory.keyPairs[0] as BenchKeys);
      const figures = await new GuiRun(server.target, laboratory.directory, writer, options).run();
      const durability = server.ready.durability ?? { postgres: "", synchronousCommit: "", fsync: "" };
      const environment = readEnvironment(durability, laboratory.directory);
      await writer.client.close();
      return {
        schemaVersion: 1,
        benchmark: "micro",
        topic: "gui",
        startedAt,
        environment,
        secondsPerRound: options.incomingSeconds,
        comparisons: [],
        figures,
      };
    } finally {
      await server.stop();
    }
  } finally {
    await laboratory.close();
  }
}

type BenchKeys = Laboratory["keyPairs"][number];
type Figures = MicroDocument["figures"];

class GuiRun {
  readonly #target: string;
  readonly #home: string;
  readonly #passwordFile: string;
  readonly #writer: BenchPerson;
  readonly #options: MicroGuiOptions;
  #typed = 0;

  constructor(target: string, directory: string, writer: BenchPerson, options: MicroGuiOptions) {
    this.#target = target;
    this.#home = path.join(directory, "home");
    this.#passwordFile = path.join(directory, "password");
    this.#writer = writer;
    this.#options = options;
  }

  async run(): Promise<Figures> {
    const { messages, keys, incomingPerSecond, incomingSeconds, idleSeconds, onStep } = this.#options;
    const { large } = await this.#fillVault();
    onStep?.("the client starts");
    const startMs = clock.monotonic();
    const terminal = this.#start();
    try {
      const usableMs = (await terminal.until("last-in-quiet", patienceMs)) - startMs;
      const pid = await terminal.pid;
      // What starting has left to do is over.
      await sleep(clock, 2000, this.#options.signal);
      const openMs = await terminal.echo("\x1b[1;3B", "last-in-large", patienceMs);
      onStep?.(`${keys} keys`);
      const quiet = await this.#type(terminal, keys);
      onStep?.(`${keys} keys while ${incomingPerSecond} messages/s come in`);
      const coming = this.#send(large, incomingPerSecond, incomingSeconds);
      const busy = await this.#type(terminal, Math.min(keys, (incomingSeconds * 1000) / (keyPauseMs * 2)));
      const sent = await coming;
      await sleep(clock, 2000, this.#options.signal);
      onStep?.("nothing happens");
      const idleCores = await this.#cores(pid, idleSeconds);
      const residentBytes = processUsage(pid)?.residentBytes ?? Number.NaN;
      const code = await terminal.quit("\x11");
      return [
        { name: "messages in the vault", value: messages, unit: "" },
        { name: "start to usable", value: usableMs, unit: "ms" },
        { name: "opening the large conversation", value: openMs, unit: "ms" },
        ...latencyFigures("key to screen", quiet),
        { name: "messages that came in while typing", value: sent, unit: "per second" },
        ...latencyFigures("key to screen meanwhile", busy),
        { name: "CPU when idle", value: idleCores * 100, unit: "% of a core" },
        { name: "memory", value: residentBytes / 1024 / 1024, unit: "MiB" },
        { name: "exit code", value: code, unit: "" },
      ];
    } finally {
      terminal.kill();
    }
  }

  /** A profile that was online while all of it was written. */
  async #fillVault(): Promise<{ large: GroupId }> {
    const { messages, onStep } = this.#options;
    mkdirSync(this.#home, { recursive: true });
    writeFileSync(this.#passwordFile, `${password}\n`, { mode: 0o600 });
    const machine = new ThisMachine(this.#home);
    const address = { profile: "reader", server: this.#target, trust: {}, user: "reader" };
    let received = 0;
    const account = await signUpHere(address, password, machine.parts, { message: () => received++ });
    await account.connect(password);
    const large = await foundGroup(this.#writer, "large", ["reader"]);
    const quiet = await foundGroup(this.#writer, "quiet", ["reader"]);
    for (let at = 1; at <= messages; at++) {
      await this.#hasRoom();
      const text = at === messages ? "last-in-large" : `message ${at} with some words that somebody may look for`;
      this.#say(large, text);
      if (at % 1000 === 0) onStep?.(`${at} of ${messages} messages are written and read`);
      while (at - received > 5000) await sleep(clock, 20, this.#options.signal);
    }
    while (received < messages) await sleep(clock, 20, this.#options.signal);
    this.#say(quiet, "last-in-quiet");
    while (received <= messages) await sleep(clock, 20, this.#options.signal);
    await account.close();
    await machine.close();
    return { large };
  }

  #start(): PseudoTerminal {
    const program = path.join(projectRoot, "dist", "bin", "fastchat.js");
    const flags = ["--home", this.#home, "--profile", "reader", "--password-file", this.#passwordFile];
    return new PseudoTerminal([process.execPath, program, "chat", ...flags], screen);
  }

  /** Types letters one after the other, and deletes each again: the next is looked for only when that has been drawn. */
  async #type(terminal: PseudoTerminal, count: number): Promise<Latencies> {
    const latencies = new Latencies();
    for (let at = 0; at < count; at++) {
      const letter = typedLetters[this.#typed++ % typedLetters.length] as string;
      latencies.record((await terminal.echo(letter, letter, patienceMs)) * 1000);
      await sleep(clock, keyPauseMs, this.#options.signal);
      terminal.write("\x7f");
      await sleep(clock, keyPauseMs, this.#options.signal);
    }
    return latencies;
  }

  async #send(group: GroupId, perSecond: number, seconds: number): Promise<number> {
    const startMs = clock.monotonic();
    const { signal } = this.#options;
    const by = { clock, startMs, untilMs: startMs + seconds * 1000, stopped: () => signal.aborted };
    let acknowledged = 0;
    await sendWhenDue(new Arrivals("constant", perSecond, seededRandom(2)), by, () => {
      this.#say(group, `incoming ${acknowledged} with some words`, () => acknowledged++);
    });
    return acknowledged / ((clock.monotonic() - startMs) / 1000);
  }

  #say(group: GroupId, text: string, done: () => void = () => {}): void {
    const taken = this.#writer.client.send(group, { kind: "text", text }, (outcome) => {
      if (outcome.ok) return done();
      this.#options.log.warn({ code: outcome.code }, "a message was not taken");
    });
    if (!taken.ok) throw new Failure("busy", taken.reason, "send more slowly");
  }

  async #hasRoom(): Promise<void> {
    while (this.#writer.client.mailbox.unsettled > outboxMax / 2) await sleep(clock, 2, this.#options.signal);
  }

  async #cores(pid: number, seconds: number): Promise<number> {
    const before = processUsage(pid)?.cpuSeconds ?? Number.NaN;
    await sleep(clock, seconds * 1000, this.#options.signal);
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
