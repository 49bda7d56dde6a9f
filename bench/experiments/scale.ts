import { loadOrCreateSecret } from "../../core/cluster/deployment-secret.ts";
import type { ServeConfig } from "../../core/cluster/serve-settings.ts";
import type { FileContent } from "../../core/e2ee/content.ts";
import type { IdentityKeyPairs } from "../../core/e2ee/identity.ts";
import { systemClock as clock, sleep } from "../../core/platform/clock.ts";
import { Failure } from "../../core/platform/failure.ts";
import { listServers, readDeployment } from "../../loadgen/deployment-probe.ts";
import { generateLoad } from "../../loadgen/generator.ts";
import { workloadFrom } from "../compared/workload-from.ts";
import type { ScaleDocument } from "../report/results.ts";
import type { Watch } from "../report/watch.ts";
import { ServerProcess } from "../started/child-process.ts";
import { type Laboratory, type LaboratoryOptions, openLaboratory } from "../started/laboratory.ts";
import { seedUsers } from "../started/seed.ts";
import { FileExchange } from "./file-exchange.ts";
import { LoginStorm } from "./login-storm.ts";

export interface ScaleOptions extends Watch<ScaleDocument>, LaboratoryOptions {
  readonly signal: AbortSignal;
}

type Figures = ScaleDocument["figures"];

interface Bench {
  readonly server: ServerProcess;
  readonly laboratory: Laboratory;
  readonly config: ServeConfig;
  /** All figures that there are so far. */
  keep(figures: Figures): void;
}

/** Starts a server for one experiment, and puts its figures into a document. */
async function experiment(
  benchmark: ScaleDocument["benchmark"],
  options: ScaleOptions,
  work: (bench: Bench) => Promise<Figures>,
): Promise<ScaleDocument> {
  const startedAt = new Date().toISOString();
  const laboratory = await openLaboratory(options, 2);
  try {
    const config = await laboratory.serveConfig({});
    const server = await ServerProcess.start({ kind: "fastchat", config });
    try {
      const environment = laboratory.environment(server.ready.durability);
      const document = (figures: Figures): ScaleDocument => ({
        schemaVersion: 1,
        benchmark,
        startedAt,
        environment,
        figures,
      });
      const keep = (figures: Figures) => options.onMeasured?.(document(figures));
      return document(await work({ server, laboratory, config, keep }));
    } finally {
      await server.stop();
    }
  } finally {
    await laboratory.close();
  }
}

const accounts = { kind: "signUp", namePrefix: "user", password: "simulated" } as const;

/** Users that come and go before memory is read: what a server needs once, whoever comes, is there then. */
const firstComers = 500;

/** What an idle, logged-in connection takes of a server's memory. */
export function runConnections(
  options: ScaleOptions & {
    readonly connections: number;
    /** How long they lie idle before memory is read. */
    readonly quietSeconds: number;
  },
): Promise<ScaleDocument> {
  const { connections, quietSeconds, signal } = options;
  return experiment("connections", options, async ({ server, config: { database, secretFile }, keep }) => {
    const secret = await loadOrCreateSecret(secretFile as string);
    const stay = async (namePrefix: string, clients: number, onEnd: () => Promise<void>) => {
      const password = "simulated";
      const seeded = await seedUsers({
        databaseUrl: database as string,
        secret,
        users: clients,
        namePrefix,
        password,
        keyPairs: 1,
      });
      const workload = workloadFrom({
        name: "connections",
        clients,
        groups: [{ count: Math.ceil(clients / 50), sizes: { kind: "fixed", size: Math.min(50, clients) } }],
        // As good as nothing: what is measured is that they are there.
        arrivals: { kind: "constant", ratePerSecond: 0.5 },
        encryption: { mode: "sealed" },
        warmUpSeconds: quietSeconds,
        durationSeconds: 1,
      });
      const { accounts, keyPairs } = seeded;
      const onMeasure = async (moment: "begin" | "end") => (moment === "end" ? onEnd() : undefined);
      await generateLoad({ workload, target: server.target, accounts, keyPairs, signal, onMeasure });
    };
    options.onStep?.(`${firstComers} users come and go`);
    await stay("first-", Math.min(firstComers, connections), async () => {});
    const before = (await server.usage()).residentBytes;
    const memoryBefore = { name: "server memory before", value: before / 1024 / 1024, unit: "MiB" };
    keep([memoryBefore]);
    let after = before;
    let connected = 0;
    options.onStep?.(`${connections} users log in and stay`);
    await stay("user-", connections, async () => {
      after = (await server.usage()).residentBytes;
      const { servers } = await readDeployment(await listServers(server.target));
      connected = servers.reduce((sum, of) => sum + of.connections, 0);
    });
    return [
      { name: "logged-in connections", value: connected, unit: "" },
      memoryBefore,
      { name: "server memory with them", value: after / 1024 / 1024, unit: "MiB" },
      { name: "server memory each", value: (after - before) / connected / 1024, unit: "KiB" },
    ];
  });
}

/** What a storm of OPAQUE logins does to the servers' event loops. */
export function runLogins(
  options: ScaleOptions & { readonly perSecond: number; readonly seconds: number },
): Promise<ScaleDocument> {
  return experiment("logins", options, async ({ server, keep }) => {
    const storm = new LoginStorm(server.target);
    options.onStep?.("one user signs up");
    await storm.signUp();
    const servers = await listServers(server.target);
    options.onStep?.(`${options.perSecond} logins/s for ${options.seconds} s`);
    await storm.run(options.perSecond, 1, options.signal);
    assertGoesOn(options.signal);
    await readDeployment(servers); // Begins a new period of the servers' loop lag.
    const before = await server.usage();
    const result = await storm.run(options.perSecond, options.seconds, options.signal);
    const after = await server.usage();
    const { servers: readings } = await readDeployment(servers);
    const figures = [
      { name: "logins asked for", value: options.perSecond, unit: "per second" },
      { name: "logins done", value: result.succeeded / result.seconds, unit: "per second" },
      { name: "logins failed or refused", value: result.failed, unit: "" },
      { name: "login latency p50", value: result.p50Ms, unit: "ms" },
      { name: "login latency p99", value: result.p99Ms, unit: "ms" },
      { name: "server event-loop lag p99", value: Math.max(...readings.map((of) => of.loopLagP99Ms)), unit: "ms" },
      {
        name: "server CPU a login",
        value: ((after.cpuSeconds - before.cpuSeconds) * 1e6) / Math.max(1, result.succeeded),
        unit: "µs",
      },
    ];
    keep(figures);
    assertGoesOn(options.signal);
    return figures;
  });
}

/** How many deliveries a second the load generator audits on one core. */
export function runGenerator(
  options: ScaleOptions & { readonly clients: number; readonly ratePerSecond: number; readonly seconds: number },
): Promise<ScaleDocument> {
  const { clients } = options;
  return experiment("generator", options, async ({ server, laboratory, keep }) => {
    options.onStep?.(`${clients.toLocaleString("en")} users in groups of 50, one generator thread`);
    const workload = workloadFrom({
      name: "generator",
      clients,
      groups: [{ count: clients / 50, sizes: { kind: "fixed", size: 50 } }],
      arrivals: { kind: "constant", ratePerSecond: options.ratePerSecond },
      encryption: { mode: "sealed" },
      warmUpSeconds: options.seconds / 3,
      durationSeconds: options.seconds,
    });
    const load = await generateLoad({
      workload,
      target: server.target,
      accounts,
      keyPairs: laboratory.keyPairs,
      signal: options.signal,
      cutShort: true,
    });
    const figures = [
      { name: "measured", value: load.seconds, unit: "s" },
      { name: "deliveries audited", value: load.deliveredPerSecond, unit: "per second" },
      { name: "generator CPU", value: load.generator.cpuCores, unit: "cores" },
      {
        name: "deliveries audited on one core",
        value: load.deliveredPerSecond / load.generator.cpuCores,
        unit: "per second",
      },
      { name: "audit passed", value: load.audit.passed ? 1 : 0, unit: "" },
    ];
    keep(figures);
    if (load.seconds < options.seconds) assertGoesOn(options.signal);
    return figures;
  });
}

/** What files do to the server that takes and gives them: many at once, after some that came and went before. */
export function runFiles(
  options: ScaleOptions & { readonly mebibytes: number; readonly atOnce: number; readonly rounds: number },
): Promise<ScaleDocument> {
  const { mebibytes, atOnce, rounds, signal } = options;
  const size = Math.round(mebibytes * 1024 * 1024);
  return experiment("files", options, async ({ server, laboratory, keep }) => {
    const exchange = await FileExchange.open(server.target, laboratory.keyPairs[0] as IdentityKeyPairs);
    const servers = await listServers(server.target);
    const together = <T>(work: () => Promise<T>) => Promise.all(Array.from({ length: atOnce }, work));
    const watched = async <T>(work: () => Promise<T[]>) => {
      await readDeployment(servers); // Begins a new period of the servers' loop lag.
      const watch = new UsageWatch(server);
      let done: T[];
      try {
        done = await work();
      } finally {
        await watch.stop();
      }
      const usage = await watch.figures();
      const { servers: readings } = await readDeployment(servers);
      return { done, ...usage, lagMs: Math.max(...readings.map((of) => of.loopLagP99Ms)) };
    };
    const sent: Watched[] = [];
    const fetched: Watched[] = [];
    const all = atOnce * mebibytes;
    const figures = () => [
      { name: "files at once", value: atOnce, unit: "" },
      { name: "size of each", value: mebibytes, unit: "MiB" },
      { name: "rounds", value: sent.length, unit: "" },
      ...transferFigures("upload", sent, all, atOnce),
      ...transferFigures("download", fetched, all, atOnce),
    ];
    try {
      // What a server needs once, whoever comes, is there after the first round.
      for (let round = 0; round <= rounds; round++) {
        assertGoesOn(signal);
        options.onStep?.(`round ${round} of ${rounds}: ${atOnce} files of ${mebibytes} MiB at once`);
        const up = await watched(() => together(() => exchange.send(size, signal)));
        let next = 0;
        const down = await watched(() => together(() => exchange.fetch(up.done[next++] as FileContent, signal)));
        if (round === 0) continue;
        sent.push(up);
        fetched.push(down);
        keep(figures());
      }
    } finally {
      await exchange.close();
    }
    return figures();
  });
}

function assertGoesOn(signal: AbortSignal): void {
  if (signal.aborted) throw new Failure("interrupted", "the benchmark was stopped", "start it again");
}

interface Watched {
  readonly seconds: number;
  readonly cpuSeconds: number;
  /** The most at any time, over what it was before. */
  readonly grownBytes: number;
  readonly lagMs: number;
}

function transferFigures(way: string, rounds: readonly Watched[], mebibytes: number, atOnce: number): Figures {
  const seconds = rounds.reduce((sum, round) => sum + round.seconds, 0);
  const cpuSeconds = rounds.reduce((sum, round) => sum + round.cpuSeconds, 0);
  const all = mebibytes * rounds.length;
  const worst = (of: (round: Watched) => number) => Math.max(...rounds.map(of));
  return [
    { name: `${way}, together`, value: all / seconds, unit: "MiB/s" },
    { name: `${way}, server CPU`, value: (cpuSeconds * 1000) / all, unit: "ms/MiB" },
    { name: `${way}, server event-loop lag p99, worst round`, value: worst(({ lagMs }) => lagMs), unit: "ms" },
    {
      name: `${way}, server memory above idle for each, worst round`,
      value: worst(({ grownBytes }) => grownBytes) / atOnce / 1024 / 1024,
      unit: "MiB",
    },
  ];
}

const memoryPeriodMs = 10;

/** A server's memory while something is done, read every few milliseconds. */
class UsageWatch {
  readonly #server: ServerProcess;
  readonly #startMs = clock.monotonic();
  readonly #before: ReturnType<ServerProcess["usage"]>;
  readonly #watching: Promise<void>;
  #peakBytes = 0;
  #seconds = 0;
  #ended = false;

  constructor(server: ServerProcess) {
    this.#server = server;
    this.#before = server.usage();
    this.#watching = this.#watch();
  }

  /** What it watches may end from here on. */
  async stop(): Promise<void> {
    this.#seconds = (clock.monotonic() - this.#startMs) / 1000;
    this.#ended = true;
    await this.#watching;
  }

  async figures(): Promise<Omit<Watched, "lagMs">> {
    const [before, after] = [await this.#before, await this.#server.usage()];
    return {
      seconds: this.#seconds,
      cpuSeconds: after.cpuSeconds - before.cpuSeconds,
      grownBytes: Math.max(0, this.#peakBytes - before.residentBytes),
    };
  }

  async #watch(): Promise<void> {
    while (!this.#ended) {
      this.#peakBytes = Math.max(this.#peakBytes, (await this.#server.usage()).residentBytes);
      await sleep(clock, memoryPeriodMs);
    }
  }
}
