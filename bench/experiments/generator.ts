import { generateLoad, type LoadResult } from "../../loadgen/generator.ts";
import { defineBenchmark } from "../benchmark.ts";
import type { FiguresDocument } from "../document/figures-document.ts";
import { throwIfInterrupted } from "../document/interruption.ts";
import type { BenchmarkRun } from "../measurement/benchmark-run.ts";
import { measureFigures } from "../measurement/figures-run.ts";
import { simulatedAccounts, workloadFrom } from "../measurement/workload-from.ts";
import { option } from "../options.ts";
import { figuresOf } from "../report/figures-table.ts";

export const generator = defineBenchmark({
  ...figuresOf("generator"),
  passed: ({ figures }) => figures.some(({ name, value }) => name === auditPassed && value === 1),
  name: "generator",
  question: "how much can the load generator audit on one core?",
  description: "How many deliveries a second the load generator audits on one core.",
  options: {
    rate: option.positive({ help: "messages a second, each delivered 50 times", default: 8000 }),
  },
  examples: ["", "--rate 8000 --json generator.json"],
  run: ({ rate }, parts) => runGenerator({ clients: 1000, ratePerSecond: rate, seconds: 8 }, parts),
});

const auditPassed = "audit passed";

interface GeneratorSettings {
  readonly clients: number;
  readonly ratePerSecond: number;
  readonly seconds: number;
}

export function runGenerator(
  { clients, ratePerSecond, seconds }: GeneratorSettings,
  parts: BenchmarkRun<FiguresDocument<"generator">>,
) {
  const { signal } = parts;
  return measureFigures("generator", parts, async ({ server, laboratory, keep }) => {
    parts.onStep?.(`${clients.toLocaleString("en")} users in groups of 50, one generator thread`);
    const workload = workloadFrom({
      name: "generator",
      clients,
      groups: [{ count: clients / 50, sizes: { kind: "fixed", size: 50 } }],
      arrivals: { kind: "constant", ratePerSecond },
      encryption: { mode: "sealed" },
      warmUpSeconds: seconds / 3,
      durationSeconds: seconds,
    });
    const load = await generateLoad({
      workload,
      target: server.target,
      accounts: simulatedAccounts,
      keyPairs: laboratory.keyPairs,
      signal,
      cutShort: true,
    });
    const figures = generatorFigures(load);
    keep(figures);
    if (load.seconds < seconds) throwIfInterrupted(signal);
    return figures;
  });
}

/** The figures of a load that one thread put on a server and audited. */
export function generatorFigures({
  seconds,
  deliveredPerSecond,
  generator: { cpuCores },
  audit,
}: Pick<LoadResult, "seconds" | "deliveredPerSecond" | "generator" | "audit">) {
  return [
    { name: "measured", value: seconds, unit: "s" },
    { name: "deliveries audited", value: deliveredPerSecond, unit: "per second" },
    { name: "generator CPU", value: cpuCores, unit: "cores" },
    { name: "deliveries audited on one core", value: deliveredPerSecond / cpuCores, unit: "per second" },
    { name: auditPassed, value: audit.passed ? 1 : 0, unit: "" },
  ];
}
