import { readFileSync } from "node:fs";
import { z } from "zod";
import { trustDeployment } from "../../core/client/index.ts";
import { systemClock } from "../../core/platform/clock.ts";
import { Failure, messageOf } from "../../core/platform/failure.ts";
import { makeKeyPairs } from "../../loadgen/users/shared-key-pairs.ts";
import { parseWorkload, presets, type Workload } from "../../loadgen/workload/workload.ts";
import type { CellsDocument } from "../document/cells-document.ts";
import { readEnvironment } from "../document/environment.ts";
import type { BenchmarkRun } from "../measurement/benchmark-run.ts";
import { measureCell } from "../measurement/measure-cell.ts";
import { simulationNotes } from "../measurement/simulation-notes.ts";
import { cellsOf } from "../report/cells.ts";
import { deploymentFacts } from "../started/deployment-facts.ts";
import { readSeededAccounts } from "../started/seed.ts";
import type { LoadConfig } from "./load-settings.ts";

/** The documents that `fastchat load` writes. */
export const loadKind = cellsOf("load");

type LoadDocument = CellsDocument & { readonly benchmark: "load" };

type LoadRun = Omit<BenchmarkRun<LoadDocument>, "log" | "openLaboratory">;

/** `fastchat load`: one workload on servers that run already. An interrupted run has the figures of the time until then. */
export async function runLoad(config: LoadConfig, parts: LoadRun): Promise<LoadDocument> {
  const { signal } = parts;
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
  parts.onStep?.(config.target);
  const namePrefix = `load-${systemClock.now().toString(36)}-`;
  const cell = await measureCell({
    target: config.target,
    tls,
    workload,
    accounts: seeded?.accounts ?? { kind: "signUp", namePrefix, password: "simulated" },
    keyPairs: seeded?.keyPairs ?? (await makeKeyPairs(workload.keyPairs)),
    strategy: facts.strategy,
    transport: facts.transport,
    onProgress: (progress) => parts.onProgress?.(progress),
    signal,
    cutShort: true,
  });
  const document: LoadDocument = {
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
  parts.onStep?.(`${cell.seconds.toFixed(1)} of ${workload.durationSeconds} s measured`);
  parts.onMeasured?.(document);
  if (cell.seconds < workload.durationSeconds) {
    throw new Failure("interrupted", "the load was stopped before its time", "start it again");
  }
  return document;
}

/** The workload that a command line asks for. */
export function workloadOf(config: LoadConfig): Workload {
  const given: JsonObject = config.workload === undefined ? presets[config.preset] : readJson(config.workload);
  const { clients, rate, duration, threads, encryption } = config;
  const arrivals = jsonObject.safeParse(given.arrivals).data;
  const override: JsonObject = {
    ...(clients > 0 ? { clients } : {}),
    ...(duration > 0 ? { durationSeconds: duration } : {}),
    ...(threads > 0 ? { threads } : {}),
    ...(rate > 0 ? { arrivals: { kind: "poisson", ...arrivals, ratePerSecond: rate } } : {}),
    ...(encryption === "as-given" ? {} : { encryption: { mode: encryption } }),
  };
  const workload = parseWorkload({ ...given, ...override });
  if (workload.ok) return workload.value;
  throw new Failure("workload_invalid", workload.reason, `mend ${config.workload ?? "the options"}`);
}

const jsonObject = z.record(z.string(), z.unknown());
type JsonObject = z.output<typeof jsonObject>;

function readJson(file: string): JsonObject {
  try {
    const json = jsonObject.safeParse(JSON.parse(readFileSync(file, "utf8")));
    if (json.success) return json.data;
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
