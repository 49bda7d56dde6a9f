import { Argument, type Command, InvalidArgumentError } from "commander";
import { cellsTable, conclusion, notes } from "../bench/cells-table.ts";
import { availableArms, fanoutDefaults, runFanout } from "../bench/fanout.ts";
import { ingestDefaults, runIngest } from "../bench/ingest.ts";
import { microCryptoDefaults, runMicroCrypto } from "../bench/micro/crypto.ts";
import { microCryptoNotes, microCryptoTables } from "../bench/micro/crypto-tables.ts";
import { microGuiDefaults, runMicroGui } from "../bench/micro/gui.ts";
import { ProgressLine } from "../bench/progress-line.ts";
import { quickServers, quickStrategies, quickWorkload, runQuick } from "../bench/quick.ts";
import type { ResultsDocument, ScaleDocument } from "../bench/results.ts";
import { runConnections, runFiles, runGenerator, runLogins, type ScaleOptions } from "../bench/scale.ts";
import { fanoutNotes, fanoutTable, figuresTable, ingestTables } from "../bench/tables.ts";
import { writeResults } from "../bench/write-results.ts";
import { createLog } from "../core/platform/log.ts";
import { print, run, whole } from "./program.ts";

const log = createLog("warn");

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError("a number above 0 is needed.");
  return value;
}

/** Writes a line over the one before where somebody watches. */
function step(text: string): void {
  process.stderr.write(process.stderr.isTTY ? `\r\x1b[K${text}` : `${text}\n`);
}

function endSteps(): void {
  if (process.stderr.isTTY) process.stderr.write("\r\x1b[K");
}

function report(result: ResultsDocument, json: string | undefined): void {
  for (const file of writeResults(result, json)) print(file);
}

export function addBench(program: Command): void {
  const bench = program.command("bench").description("Measure FastChat on this machine.");
  addQuick(bench);
  addFanout(bench);
  addIngest(bench);
  addScale(bench);
  addMicro(bench);
}

function addQuick(bench: Command): void {
  bench
    .command("quick")
    .description("1, 2 and 4 servers under four strategies, with encrypted, audited clients; under three minutes.")
    .option("--transport <name>", "uws or ws", "uws")
    .option("--seconds <n>", "measured time of each cell", positive)
    .option("--json <file>", "write the result there too")
    .addHelpText("after", "\nExamples:\n  fastchat bench quick\n  fastchat bench quick --seconds 20 --json quick.json")
    .action(({ transport, seconds, json }) =>
      run(async (signal) => {
        const line = new ProgressLine(process.stderr);
        try {
          const workload = quickWorkload();
          const result = await runQuick({
            servers: quickServers,
            strategies: quickStrategies,
            workload: { ...workload, durationSeconds: seconds ?? workload.durationSeconds },
            transport: transport === "ws" ? "ws" : "uws",
            log,
            signal,
            onCell: (cell, of, servers, strategy) => line.cell(cell, of, `${servers} ${strategy}`),
            onProgress: (progress) => line.progress(progress),
          });
          line.stop();
          print(cellsTable(result.cells));
          print(conclusion(result));
          for (const note of notes(result.cells)) print(note);
          report(result, json);
          return result.cells.every((cell) => cell.audit.passed) ? 0 : 1;
        } finally {
          line.stop();
        }
      }),
    );
}

function addFanout(bench: Command): void {
  bench
    .command("fanout")
    .description(
      "FastChat beside servers that only pass messages on (and NATS, if there is one): CPU a delivery, and latency.",
    )
    .option("--rounds <n>", "times that every arm is measured", positive, fanoutDefaults.rounds)
    .option("--seconds <n>", "measured time of each point", positive, fanoutDefaults.durationSeconds)
    .option("--clients <n>", "connected clients", positive, fanoutDefaults.clients)
    .option("--json <file>", "write the result there too")
    .addHelpText("after", "\nExamples:\n  fastchat bench fanout\n  fastchat bench fanout --rounds 1 --seconds 3")
    .action(({ rounds, seconds, clients, json }) =>
      run(async (signal) => {
        const result = await runFanout({
          ...fanoutDefaults,
          arms: availableArms(),
          rounds,
          clients,
          durationSeconds: seconds,
          log,
          signal,
          onPoint: (point, of, label) => step(`${point + 1}/${of} ${label}`),
        });
        endSteps();
        print(fanoutTable(result));
        for (const note of fanoutNotes(result)) print(note);
        report(result, json);
        return result.points.every((point) => point.complete) ? 0 : 1;
      }),
    );
}

function addIngest(bench: Command): void {
  bench
    .command("ingest")
    .description("The ingest writer by itself, beside a bare COPY of the same rows.")
    .option("--rounds <n>", "times that everything is measured", positive, ingestDefaults.rounds)
    .option("--seconds <n>", "of each measurement", positive, ingestDefaults.seconds)
    .option("--json <file>", "write the result there too")
    .addHelpText("after", "\nExamples:\n  fastchat bench ingest\n  fastchat bench ingest --rounds 1 --seconds 2")
    .action(({ rounds, seconds, json }) =>
      run(async (signal) => {
        const result = await runIngest({ ...ingestDefaults, rounds, seconds, log, signal, onStep: step });
        endSteps();
        print(ingestTables(result));
        report(result, json);
        return 0;
      }),
    );
}

function addScale(bench: Command): void {
  const add = (
    name: string,
    description: string,
    option: readonly [flag: string, help: string, value: number],
    work: (options: ScaleOptions, value: number) => Promise<ScaleDocument>,
  ) => {
    const key = option[0].replace(/^--/, "").replace(/ .*/, "");
    bench
      .command(name)
      .description(description)
      .option(option[0], option[1], positive, option[2])
      .option("--json <file>", "write the result there too")
      .addHelpText(
        "after",
        `\nExamples:\n  fastchat bench ${name}\n  fastchat bench ${name} --${key} ${option[2]} --json ${name}.json`,
      )
      .action((options) =>
        run(async (signal) => {
          const result = await work({ log, signal, onStep: step }, options[key] as number);
          endSteps();
          print(figuresTable(result));
          report(result, options.json as string | undefined);
          return 0;
        }),
      );
  };
  add(
    "connections",
    "What an idle, logged-in connection takes of a server's memory.",
    ["--connections <n>", "how many", 10_000],
    (options, connections) => runConnections({ ...options, connections, quietSeconds: 10 }),
  );
  add(
    "logins",
    "What a storm of logins does to the servers' event loops.",
    ["--rate <n>", "logins a second", 200],
    (options, perSecond) => runLogins({ ...options, perSecond, seconds: 10 }),
  );
  add(
    "generator",
    "How many deliveries a second the load generator audits on one core.",
    ["--rate <n>", "messages a second, each delivered 50 times", 8000],
    (options, ratePerSecond) => runGenerator({ ...options, clients: 1000, ratePerSecond, seconds: 8 }),
  );
  add(
    "files",
    "What files do to the server that takes and gives them: its event loop, its memory, its CPU.",
    ["--size <mebibytes>", "of each file", 20],
    (options, mebibytes) => runFiles({ ...options, mebibytes, atOnce: 4, rounds: 3 }),
  );
}

function addMicro(bench: Command): void {
  bench
    .command("micro")
    .description(
      "What single operations cost: of the cryptography, two ways to do the same; of the terminal client, a key.",
    )
    .addArgument(new Argument("<topic>", "what is taken apart").choices(["crypto", "gui"]))
    .option("--rounds <n>", "crypto: times that everything is measured", whole, microCryptoDefaults.rounds)
    .option("--seconds <n>", "crypto: measured time of each arm in each round", positive, microCryptoDefaults.seconds)
    .option("--messages <n>", "gui: messages in the conversation", whole, microGuiDefaults.messages)
    .option("--json <file>", "write the result there too")
    .addHelpText(
      "after",
      "\nExamples:\n  fastchat bench micro crypto\n  fastchat bench micro crypto --rounds 15 --seconds 0.2 --json crypto.json\n  fastchat bench micro gui --messages 10000",
    )
    .action((topic, { rounds, seconds, messages, json }) =>
      run(async (signal) => {
        if (topic === "gui") {
          const result = await runMicroGui({ ...microGuiDefaults, messages, log, signal, onStep: step });
          endSteps();
          print(figuresTable(result));
          report(result, json);
          return 0;
        }
        const result = await runMicroCrypto({ ...microCryptoDefaults, rounds, seconds, signal, onStep: step });
        endSteps();
        print(microCryptoTables(result));
        for (const note of microCryptoNotes(result)) print(note);
        report(result, json);
        return 0;
      }),
    );
}
