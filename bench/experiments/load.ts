import { readFileSync } from "node:fs";
import { trustDeployment } from "../../core/client/index.ts";
import { systemClock } from "../../core/platform/clock.ts";
import { Failure, messageOf } from "../../core/platform/failure.ts";
import type { Progress } from "../../loadgen/crew.ts";
import { makeKeyPairs } from "../../loadgen/generator.ts";
import { parseWorkload, presets, type Workload } from "../../loadgen/workload.ts";
import type { LoadConfig } from "../compared/load-settings.ts";
import { measureCell } from "../compared/measure-cell.ts";
import { readEnvironment } from "../report/environment.ts";
import type { CellsDocument } from "../report/results.ts";
import type { Watch } from "../report/watch.ts";
import { deploymentFacts } from "../started/deployment-facts.ts";
import { readSeededAccounts } from "../started/seed.ts";
import { simulationNotes } from "./quick.ts";

export interface RunLoadOptions extends Watch<CellsDocument> {
  readonly signal: AbortSignal;
  onProgress?(progress: Progress): void;
}

/** The workload that a command line asks for. */
export function workloadOf(config: LoadConfig): Workload {
  const given: Record<string, unknown> =
    config.workload === undefined ? presets[config.preset] : readJson(config.workload);
  const { clients, rate, duration, threads, encryption } = config;
  const override: Record<string, unknown> = {
    ...(clients > 0 ? { clients } : {}),
    ...(duration > 0 ? { durationSeconds: duration } : {}),
    ...(threads > 0 ? { threads } : {}),
    ...(rate > 0 ? { arrivals: { kind: "poisson", ...(given.arrivals as object), ratePerSecond: rate } } : {}),
    ...(encryption === "as-given" ? {} : { encryption: { mode: encryption } }),
  };
  const workload = parseWorkload({ ...given, ...override });
  if (workload.ok) return workload.value;
  throw new Failure("workload_invalid", workload.reason, `mend ${config.workload ?? "the options"}`);
}

function readJson(file: string): Record<string, unknown> {
  try {
    const json: unknown = JSON.parse(readFileSync(file, "utf8"));
    if (typeof json === "object" && json !== null) return json as Record<string, unknown>;
  } catch (cause) {
    throw new Failure(
      "workload_unreadable",
      `${file}: ${messageOf(cause)}`,
      "name a readable JSON file with --workload",
      cause,
    );
  }
  throw new Failure(
    "workload_invalid",
    `${file} holds no JSON object`,
    "see loadgen/README.md for the form of a workload",
  );
}

/** `fastchat load`: one workload on servers that run already. One that is interrupted has the figures of the time until then. */
export async function runLoad(config: LoadConfig, options: RunLoadOptions): Promise<CellsDocument> {
  const { signal } = options;
  const workload = workloadOf(config);
  const seeded = config.accounts === undefined ? undefined : readSeededAccounts(config.accounts);
  if (seeded && seeded.users < workload.clients) {
    throw new Failure(
      "too_few_accounts",
      `${config.accounts} has ${seeded.users} users, the workload wants ${workload.clients}`,
      "seed more, or lower --clients",
    );
  }
  const startedAt = new Date().toISOString();
  const tls = await trustDeployment(config.target, config.tlsPin);
  const facts = await deploymentFacts(config.target, tls);
  const environment = readEnvironment(facts.durability, undefined);
  options.onStep?.(config.target);
  const namePrefix = `load-${systemClock.now().toString(36)}-`;
  const cell = await measureCell({
    target: config.target,
    tls,
    workload,
    accounts: seeded?.accounts ?? { kind: "signUp", namePrefix, password: "simulated" },
    keyPairs: seeded?.keyPairs ?? (await makeKeyPairs(workload.keyPairs)),
    strategy: facts.strategy,
    transport: facts.transport,
    onProgress: (progress) => options.onProgress?.(progress),
    signal,
    cutShort: true,
  });
  const document: CellsDocument = {
    schemaVersion: 1,
    benchmark: "load",
    startedAt,
    environment,
    workload,
    simulation: simulationNotes(workload),
    pilot: null,
    cells: [{ ...cell, earlierTries: [] }],
    failed: [],
  };
  options.onStep?.(`${cell.seconds.toFixed(1)} of ${workload.durationSeconds} s measured`);
  options.onMeasured?.(document);
  if (cell.seconds < workload.durationSeconds) {
    throw new Failure("interrupted", "the load was stopped before its time", "start it again");
  }
  return document;
}
