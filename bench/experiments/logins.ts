import { listServers } from "../../loadgen/recorder/deployment-probe.ts";
import { defineBenchmark } from "../benchmark.ts";
import type { Figures, FiguresDocument } from "../document/figures-document.ts";
import { throwIfInterrupted } from "../document/interruption.ts";
import type { BenchmarkRun } from "../measurement/benchmark-run.ts";
import { measureFigures } from "../measurement/figures-run.ts";
import { LoginStorm, type LoginsResult } from "../measurement/login-storm.ts";
import { withLag } from "../measurement/server-lag.ts";
import { option } from "../options.ts";
import { figuresOf } from "../report/figures-table.ts";

export const logins = defineBenchmark({
  ...figuresOf("logins"),
  name: "logins",
  question: "what does a storm of logins do to the servers' event loops?",
  description: "What a storm of logins does to the servers' event loops.",
  options: { rate: option.positive({ help: "logins a second", default: 200 }) },
  examples: ["", "--rate 200 --json logins.json"],
  run: ({ rate }, parts) => runLogins({ perSecond: rate, seconds: 10 }, parts),
});

interface LoginsSettings {
  readonly perSecond: number;
  readonly seconds: number;
}

/** Logs one user in with OPAQUE, again and again. */
export function runLogins({ perSecond, seconds }: LoginsSettings, parts: BenchmarkRun<FiguresDocument<"logins">>) {
  const { signal } = parts;
  return measureFigures("logins", parts, async ({ server, keep }) => {
    const storm = new LoginStorm(server.target);
    parts.onStep?.("one user signs up");
    await storm.signUp();
    const servers = await listServers(server.target);
    parts.onStep?.(`${perSecond} logins/s for ${seconds} s`);
    await storm.run(perSecond, 1, signal);
    throwIfInterrupted(signal);
    const { done, lagMs } = await withLag(servers, async () => {
      const before = await server.usage();
      const result = await storm.run(perSecond, seconds, signal);
      const after = await server.usage();
      return { ...result, cpuSeconds: after.cpuSeconds - before.cpuSeconds };
    });
    const figures = loginFigures(perSecond, { ...done, lagMs });
    keep(figures);
    throwIfInterrupted(signal);
    return figures;
  });
}

/** The figures of logins that were due at so many a second, with the server's CPU time and lag meanwhile. */
export function loginFigures(
  perSecond: number,
  of: LoginsResult & { readonly cpuSeconds: number; readonly lagMs: number },
): Figures {
  return [
    { name: "logins asked for", value: perSecond, unit: "per second" },
    { name: "logins done", value: of.succeeded / of.seconds, unit: "per second" },
    { name: "logins failed or refused", value: of.failed, unit: "" },
    { name: "login latency p50", value: of.p50Ms, unit: "ms" },
    { name: "login latency p99", value: of.p99Ms, unit: "ms" },
    { name: "server event-loop lag p99", value: of.lagMs, unit: "ms" },
    { name: "server CPU a login", value: (of.cpuSeconds * 1e6) / Math.max(1, of.succeeded), unit: "µs" },
  ];
}
