import { Argument, type Command, InvalidArgumentError, Option } from "commander";
import { ratePerSecondMax } from "../bench/compared/pilot.ts";
import { availableArms, fanoutDefaults, runFanout } from "../bench/experiments/fanout.ts";
import { ingestDefaults, runIngest } from "../bench/experiments/ingest.ts";
import { quickDefaults, quickSeconds, quickWorkload, runQuick } from "../bench/experiments/quick.ts";
import { runConnections, runFiles, runGenerator, runLogins, type ScaleOptions } from "../bench/experiments/scale.ts";
import { microCryptoDefaults, runMicroCrypto } from "../bench/micro/crypto.ts";
import { microCryptoNotes, microCryptoTables } from "../bench/micro/crypto-tables.ts";
import { microGuiDefaults, runMicroGui } from "../bench/micro/gui.ts";
import { ProgressLine } from "../bench/report/progress-line.ts";
import type {
  CellsDocument,
  FanoutDocument,
  IngestDocument,
  MicroDocument,
  ResultsDocument,
  ScaleDocument,
} from "../bench/report/results.ts";
import { fanoutNotes, fanoutTable, figuresTable, ingestTables } from "../bench/report/tables.ts";
import type { Watch } from "../bench/report/watch.ts";
import { serveSettings } from "../core/cluster/serve-settings.ts";
import { type StrategyName, strategyNames } from "../core/cluster/strategies.ts";
import { type ListItems, parseCommaList } from "../core/platform/comma-list.ts";
import { decimalNumber } from "../core/platform/decimal.ts";
import { createLog } from "../core/platform/log.ts";
import { transportNames } from "../core/server/transport/transport.ts";
import { cellsPassed, cellsShown } from "./cells-shown.ts";
import { type MeasuredOptions, measured } from "./measured.ts";
import { run, whole } from "./program.ts";

const log = createLog("warn");

function positive(text: string): number {
  const value = decimalNumber(text);
  if (!value) throw new InvalidArgumentError("a number above 0 is needed.");
  return value;
}

export function addBench(program: Command): void {
  const bench = program.command("bench").description("Measure FastChat on this machine.");
  addQuick(bench);
  addFanout(bench);
  addIngest(bench);
  addScale(bench);
  addMicro(bench);
}

/** A line for each step, over the one before where somebody watches. */
function steps(signal: AbortSignal, json: string | undefined): Omit<MeasuredOptions<ResultsDocument>, "show"> {
  const { isTTY } = process.stderr;
  return {
    signal,
    json,
    onStep(what, step) {
      const text = step ? `${step.number}/${step.of} ${what}` : what;
      process.stderr.write(isTTY ? `\r\x1b[K${text}` : `${text}\n`);
    },
    end() {
      if (isTTY) process.stderr.write("\r\x1b[K");
    },
  };
}

const serverCounts: ListItems<number> = {
  parse: serveSettings.servers.read,
  choice: "numbers of servers",
  example: "1,2,8",
};

const strategiesByName: ListItems<StrategyName> = {
  parse: serveSettings.strategy.read,
  choice: "names of strategies",
  example: strategyNames.slice(0, 2).join(","),
};

function listOption<T>(flags: string, help: string, items: ListItems<T>): Option {
  return new Option(flags, help).argParser((text) => {
    const parsed = parseCommaList(text, items);
    if (!parsed.ok) throw new InvalidArgumentError(parsed.reason);
    return parsed.value;
  });
}

interface QuickFlags {
  readonly servers: readonly number[];
  readonly strategies: readonly StrategyName[];
  readonly rate?: number;
  readonly clients: number;
  readonly seconds?: number;
  readonly transport: (typeof transportNames)[number];
  readonly json?: string;
}

function addQuick(bench: Command): void {
  const { servers, strategies, clients, transport } = quickDefaults;
  bench
    .command("quick")
    .description(
      "Compares numbers of servers and balancing strategies, with encrypted, audited clients: by default in under three minutes on two quiet cores, and in more on a machine that does other things.",
    )
    .addOption(listOption("--servers <list>", "numbers of servers", serverCounts).default(servers, servers.join(",")))
    .addOption(
      listOption("--strategies <list>", `some of ${strategyNames.join(", ")}`, strategiesByName).default(
        strategies,
        "all",
      ),
    )
    .option(
      "--rate <n>",
      `messages a second, without a pilot (default: half of what a pilot finds this machine to hold, ${ratePerSecondMax} at most)`,
      positive,
    )
    .option("--clients <n>", "simulated users", whole, clients)
    .option("--seconds <n>", `measured time of each cell (default: 3 to 6, the more cells the less)`, positive)
    .addOption(new Option("--transport <name>", "what carries the sockets").choices(transportNames).default(transport))
    .option("--json <file>", "write the result there too")
    .addHelpText(
      "after",
      `
Examples:
  fastchat bench quick
  fastchat bench quick --servers 1,2,8 --strategies ${strategyNames.slice(0, 2).join(",")}
  fastchat bench quick --rate 500 --clients 1000 --seconds 20 --json quick.json

Exit code 1 says that a cell failed, or that the audit found a broken promise; what was measured is below results/ all
the same, also after Ctrl-C.`,
    )
    .action((flags: QuickFlags) => run((signal) => quick(flags, signal)));
}

async function quick(flags: QuickFlags, signal: AbortSignal): Promise<number> {
  const { servers, strategies, rate, clients, transport, json } = flags;
  const seconds = flags.seconds ?? quickSeconds(servers.length * strategies.length);
  const workload = quickWorkload({ clients, seconds, ratePerSecond: rate });
  const line = new ProgressLine(process.stderr);
  const options: MeasuredOptions<CellsDocument> = {
    signal,
    json,
    onStep: (what, step) => line.step(what, step),
    end: () => line.stop(),
    show: cellsShown,
    passed: cellsPassed,
  };
  return measured(options, (watch) =>
    runQuick({
      ...watch,
      servers,
      strategies,
      workload,
      fitted: rate === undefined,
      transport,
      log,
      signal,
      onProgress: (progress) => line.progress(progress),
    }),
  );
}

function addFanout(bench: Command): void {
  bench
    .command("fanout")
    .description(
      "FastChat beside servers that only pass messages on (and NATS, if there is one): CPU a delivery, and latency.",
    )
    .option("--rounds <n>", "times that every arm is measured", whole, fanoutDefaults.rounds)
    .option("--seconds <n>", "measured time of each point", positive, fanoutDefaults.durationSeconds)
    .option("--clients <n>", "connected clients", whole, fanoutDefaults.clients)
    .option("--json <file>", "write the result there too")
    .addHelpText("after", "\nExamples:\n  fastchat bench fanout\n  fastchat bench fanout --rounds 1 --seconds 3")
    .action(({ rounds, seconds, clients, json }) =>
      run(async (signal) => {
        const arms = availableArms();
        const options = { ...fanoutDefaults, arms, rounds, clients, durationSeconds: seconds, log, signal };
        return measured(
          {
            ...steps(signal, json),
            show: (result) => [fanoutTable(result), ...fanoutNotes(result)],
            passed: ({ points }) => points.every((point) => point.complete),
          },
          (watch: Watch<FanoutDocument>) => runFanout({ ...options, ...watch }),
        );
      }),
    );
}

function addIngest(bench: Command): void {
  bench
    .command("ingest")
    .description("The ingest writer by itself, beside a bare COPY of the same rows.")
    .option("--rounds <n>", "times that everything is measured", whole, ingestDefaults.rounds)
    .option("--seconds <n>", "of each measurement", positive, ingestDefaults.seconds)
    .option("--json <file>", "write the result there too")
    .addHelpText("after", "\nExamples:\n  fastchat bench ingest\n  fastchat bench ingest --rounds 1 --seconds 2")
    .action(({ rounds, seconds, json }) =>
      run((signal) =>
        measured({ ...steps(signal, json), show: (result) => [ingestTables(result)] }, (watch: Watch<IngestDocument>) =>
          runIngest({ ...ingestDefaults, rounds, seconds, log, signal, ...watch }),
        ),
      ),
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
        run((signal) =>
          measured(
            { ...steps(signal, options.json as string | undefined), show: (result) => [figuresTable(result)] },
            (watch: Watch<ScaleDocument>) => work({ log, signal, ...watch }, options[key] as number),
          ),
        ),
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
      run((signal) => {
        const options = steps(signal, json as string | undefined);
        if (topic === "gui") {
          return measured({ ...options, show: (result) => [figuresTable(result)] }, (watch: Watch<MicroDocument>) =>
            runMicroGui({ ...microGuiDefaults, messages, log, signal, ...watch }),
          );
        }
        return measured(
          { ...options, show: (result) => [microCryptoTables(result), ...microCryptoNotes(result)] },
          (watch: Watch<MicroDocument>) =>
            runMicroCrypto({ ...microCryptoDefaults, rounds, seconds, signal, ...watch }),
        );
      }),
    );
}
