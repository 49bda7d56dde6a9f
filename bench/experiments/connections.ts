import { loadOrCreateSecret } from "../../core/cluster/deployment-secret.ts";
import { generateLoad } from "../../loadgen/generator.ts";
import { listServers, readDeployment } from "../../loadgen/recorder/deployment-probe.ts";
import { defineBenchmark } from "../benchmark.ts";
import type { FiguresDocument } from "../document/figures-document.ts";
import type { BenchmarkRun } from "../measurement/benchmark-run.ts";
import { measureFigures } from "../measurement/figures-run.ts";
import { workloadFrom } from "../measurement/workload-from.ts";
import { option } from "../options.ts";
import { figuresOf } from "../report/figures-table.ts";
import { seedUsers } from "../started/seed.ts";

export const connections = defineBenchmark({
  ...figuresOf("connections"),
  notes: ({ figures }) =>
    figures.some(({ name, value }) => name === memoryEach && value <= 0)
      ? ["The server's memory has not grown: measure more connections."]
      : [],
  name: "connections",
  question: "what does an idle connection take of a server's memory?",
  description: "What an idle, logged-in connection takes of a server's memory.",
  options: { connections: option.positive({ help: "users who log in and stay", default: 10_000 }) },
  examples: ["", "--connections 10000 --json connections.json"],
  run: (options, parts) => runConnections({ ...options, quietSeconds: 10 }, parts),
});

const memoryEach = "server memory each";

interface ConnectionsSettings {
  readonly connections: number;
  /** How long they are idle before memory is read. */
  readonly quietSeconds: number;
}

/** Users who come and go before memory is read, so that what a server allocates once is not counted for the connections. */
const firstComers = 500;

export function runConnections(
  { connections: count, quietSeconds }: ConnectionsSettings,
  parts: BenchmarkRun<FiguresDocument<"connections">>,
) {
  return measureFigures("connections", parts, async ({ server, config, keep }) => {
    const secret = await loadOrCreateSecret(config.secretFile);
    const stay = async (namePrefix: string, clients: number, onEnd: () => Promise<void>) => {
      const seeded = await seedUsers({
        databaseUrl: config.database,
        secret,
        users: clients,
        namePrefix,
        password: "simulated",
        keyPairs: 1,
      });
      const workload = workloadFrom({
        name: "connections",
        clients,
        groups: [{ count: Math.ceil(clients / 50), sizes: { kind: "fixed", size: Math.min(50, clients) } }],
        // Next to nothing, since idle connections are measured.
        arrivals: { kind: "constant", ratePerSecond: 0.5 },
        encryption: { mode: "sealed" },
        warmUpSeconds: quietSeconds,
        durationSeconds: 1,
      });
      const { accounts, keyPairs } = seeded;
      const onMeasure = async (moment: "begin" | "end") => (moment === "end" ? onEnd() : undefined);
      await generateLoad({ workload, target: server.target, accounts, keyPairs, signal: parts.signal, onMeasure });
    };
    parts.onStep?.(`${firstComers} users come and go`);
    await stay("first-", Math.min(firstComers, count), async () => {});
    const before = (await server.usage()).residentBytes;
    keep([memoryBefore(before)]);
    let after = before;
    let connected = 0;
    parts.onStep?.(`${count} users log in and stay`);
    await stay("user-", count, async () => {
      after = (await server.usage()).residentBytes;
      const { servers } = await readDeployment(await listServers(server.target));
      connected = servers.reduce((sum, of) => sum + of.connections, 0);
    });
    return connectionFigures({ before, after, connected });
  });
}

/** The figures of so many connections, with the bytes of the server's memory before they came and with them. */
export function connectionFigures({ before, after, connected }: Record<"before" | "after" | "connected", number>) {
  return [
    { name: "logged-in connections", value: connected, unit: "" },
    memoryBefore(before),
    { name: "server memory with them", value: after / 1024 / 1024, unit: "MiB" },
    { name: memoryEach, value: (after - before) / connected / 1024, unit: "KiB" },
  ];
}

const memoryBefore = (bytes: number) => ({ name: "server memory before", value: bytes / 1024 / 1024, unit: "MiB" });
