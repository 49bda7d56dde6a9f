import { Argument, type Command, InvalidArgumentError, Option } from "commander";
import { runAtTerminal } from "../bench/at-terminal.ts";
import type { Benchmark } from "../bench/benchmark.ts";
import { benchmarks, sharedCommands } from "../bench/benchmarks.ts";
import { type BenchmarkOptions, optionTexts } from "../bench/options.ts";
import { flagName } from "../core/platform/config.ts";
import { createLog } from "../core/platform/log.ts";
import { print, run } from "./program.ts";

const log = createLog("warn");

export function addBench(program: Command): void {
  const bench = program.command("bench").description("Measure FastChat on this machine.");
  for (const benchmark of benchmarks.filter(({ name }) => !name.includes(" "))) addBenchmark(bench, benchmark);
  for (const [name, shared] of Object.entries(sharedCommands)) {
    const topics = new Map<string, Benchmark>(
      benchmarks.filter((of) => of.name.startsWith(`${name} `)).map((of) => [of.name.slice(name.length + 1), of]),
    );
    addSharedCommand(bench.command(name), shared, topics);
  }
}

function addBenchmark(bench: Command, benchmark: Benchmark): void {
  const { name, description, options, remark } = benchmark;
  const command = bench.command(name).description(description);
  addOptions(command, options, (help) => help);
  addJsonAndExamples(command, [benchmark], remark);
  command.action((flags) => runBenchmark(benchmark, flags));
}

/** One command for several benchmarks; its argument names one of them. */
function addSharedCommand(
  command: Command,
  { description, topic }: { readonly description: string; readonly topic: string },
  topics: ReadonlyMap<string, Benchmark>,
): void {
  const all = [...topics.values()];
  command
    .description(`${description}: ${all.map((of) => of.description).join("; ")}.`)
    .addArgument(new Argument("<topic>", topic).choices([...topics.keys()]));
  for (const [name, { options }] of topics) addOptions(command, options, (help) => `${name}: ${help}`);
  addJsonAndExamples(command, all);
  command.action((name: string, flags) => {
    const benchmark = topics.get(name);
    if (benchmark) return runBenchmark(benchmark, flags);
    throw new Error(`there is no topic ${name}`); // Commander has refused it.
  });
}

/** A benchmark's options as commander's: those that cannot be read are refused with the schema's words. */
function addOptions(command: Command, options: BenchmarkOptions, helpOf: (help: string) => string): void {
  for (const [name, schema] of Object.entries(options)) {
    const text = optionTexts.get(schema);
    if (!text) throw new Error(`the option ${name} has no help`);
    const option = new Option(`${flagName(name)} <${text.placeholder}>`, helpOf(text.help));
    if (text.default !== undefined) option.default(text.default, text.defaultShown);
    if (text.choices) option.choices(text.choices);
    else {
      option.argParser((written: string) => {
        const read = schema.safeParse(written);
        if (!read.success) throw new InvalidArgumentError(read.error.issues.map(({ message }) => message).join(" "));
        return written;
      });
    }
    command.addOption(option);
  }
}

function addJsonAndExamples(command: Command, all: readonly Benchmark[], remark = ""): void {
  const examples = all.flatMap(({ name, examples: of }) => of.map((example) => `fastchat bench ${name} ${example}`));
  command
    .option("--json <file>", "write the result there too")
    .addHelpText(
      "after",
      ["\nExamples:", ...examples.map((line) => `  ${line.trimEnd()}`), ...(remark === "" ? [] : ["", remark])].join(
        "\n",
      ),
    );
}

function runBenchmark(benchmark: Benchmark, { json, ...flags }: { json?: string }): Promise<void> {
  return run((signal) =>
    runAtTerminal(benchmark, { signal, json, hasProgress: benchmark.hasProgress ?? false, print }, (watch) =>
      benchmark.run(flags, { ...watch, log, signal }),
    ),
  );
}
