import { promised } from "../documents.ts";
import type { Mutants } from "../mutant.ts";

const fromDue = promised("loadgen", "Latency counts from when they were due");
const closedLoop = promised("readme", "saturated, 4 in flight a group");
const lag = promised("readme", "event-loop lag p99 of a server under 200 logins/s");
const cpu = promised("bench", "CPU per message stands beside every time");
const oneCore = promised("readme", "deliveries that the load generator audits on one core");
const connections = promised("bench", "when all users are connected and before any leaves");
const held = promised("bench", "A rate is held if the rules for valid cells hold");
const fanout = promised("readme", "CPU per delivery of the server and, for FastChat, of its PostgreSQL together");
const exitCode = promised("bench", "A cell whose audit fails is named, with the messages, and the exit code is 1");
const metrics = promised("protocol", "figures in Prometheus' text format");
const bare = promised("readme", "bare servers only pass frames of the same length on");
const pilotTests = ["bench/measurement/pilot.test.ts"];
const usageTests = ["bench/started/process-usage.test.ts"];
const tableTests = ["bench/report/fanout-table.test.ts"];
const armTests = ["bench/measurement/fanout-arms.test.ts"];
const loginTests = ["bench/measurement/login-storm.test.ts"];
const metricTests = ["core/server/metrics.test.ts"];
const lagTests = ["core/platform/loop-lag.test.ts"];

/** From what the benchmarks and the metrics make their figures. */
export const figureMutants: Mutants = {
  "deliveries on one core are multiplied by the cores": {
    promise: oneCore,
    file: "bench/experiments/generator.ts",
    from: "value: deliveredPerSecond / cpuCores",
    to: "value: deliveredPerSecond * cpuCores",
    tests: ["bench/experiments/generator.test.ts"],
  },
  "bench generator passes though its audit failed": {
    promise: exitCode,
    file: "bench/experiments/generator.ts",
    from: "name === auditPassed && value === 1",
    to: "name === auditPassed && value < 2",
    tests: ["bench/experiments/generator.test.ts"],
  },
  "the pilot holds a slow rate": {
    promise: held,
    file: "bench/measurement/pilot.ts",
    from: "deliveryMs.p99 > pilotP99MsMax",
    to: "deliveryMs.p99 > 10 * pilotP99MsMax",
    tests: pilotTests,
  },
  "the pilot holds an invalid rate": {
    promise: held,
    file: "bench/measurement/pilot.ts",
    from: "const reasons = invalidReasons.map(invalidText);",
    to: "const reasons = invalidReasons.slice(1).map(invalidText);",
    tests: pilotTests,
  },
  "the rate that the pilot tried last was held": {
    promise: held,
    file: "bench/measurement/pilot.ts",
    from: "rungs.filter(({ held }) => held).map",
    to: "rungs.map",
    tests: pilotTests,
  },
  "the CPU of database processes that have ended is lost": {
    promise: promised("bench", "It includes the database's"),
    file: "bench/started/process-usage.ts",
    from: "let ticks = root.own + root.reaped;",
    to: "let ticks = root.own;",
    tests: usageTests,
  },
  "the CPU of a program is that outside of the kernel": {
    promise: cpu,
    file: "bench/started/process-usage.ts",
    from: "own: field(14) + field(15)",
    to: "own: field(14)",
    tests: usageTests,
  },
  "a process's name shifts its figures": {
    promise: cpu,
    file: "bench/started/process-usage.ts",
    from: `text.lastIndexOf(")")`,
    to: `text.indexOf(")")`,
    tests: usageTests,
  },
  "the cost of FastChat leaves out its database": {
    promise: fanout,
    file: "bench/report/fanout-table.ts",
    from: "point.serverCpuMicrosPerDelivery + (point.databaseCpuMicrosPerDelivery ?? 0);",
    to: "point.serverCpuMicrosPerDelivery;",
    tests: tableTests,
  },
  "the cost at one rate is compared with all rates of the bare arm": {
    promise: fanout,
    file: "bench/report/fanout-table.ts",
    from: "point.arm === arm && point.ratePerSecond === rate",
    to: "point.arm === arm",
    tests: tableTests,
  },
  "one complete point makes bench fanout pass": {
    promise: exitCode,
    file: "bench/report/fanout-table.ts",
    from: "return points.every(",
    to: "return points.some(",
    tests: tableTests,
  },
  "one valid round makes an arm valid": {
    promise: fanout,
    file: "bench/report/fanout-table.ts",
    from: "measured.every((point) => point.valid)",
    to: "measured.some((point) => point.valid)",
    tests: tableTests,
  },
  "the CPU of a point's delivery is off by its duration": {
    promise: fanout,
    file: "bench/measurement/fanout-point.ts",
    from: "measured.deliveredPerSecond * workload.durationSeconds;",
    to: "measured.deliveredPerSecond;",
    tests: ["bench/measurement/fanout-point.test.ts"],
  },
  "the same arm begins each round": {
    promise: promised("bench", "with the arms taking turns"),
    file: "bench/measurement/fanout-arms.ts",
    from: "round % Math.max(1, arms.length)",
    to: "0 * round",
    tests: armTests,
  },
  "a bare arm that loses messages is complete": {
    promise: bare,
    file: "bench/measurement/fanout-arms.ts",
    from: "complete: load.delivered === load.expected",
    to: "complete: load.delivered <= load.expected",
    tests: armTests,
  },
  "a bare arm's deliveries of the warm-up count": {
    promise: bare,
    file: "bench/measurement/bare-load.ts",
    from: "if (nowMs >= measureFrom && nowMs < measureUntil) deliveries++;",
    to: "if (nowMs < measureUntil) deliveries++;",
    tests: armTests,
  },
  "a bare arm's latency counts from the sending": {
    promise: fromDue,
    file: "bench/measurement/bare-load.ts",
    from: "stamp(dueMs * 1000, 0, mySlot)",
    to: "stamp(nowMs * 1000, 0, mySlot)",
    tests: armTests,
  },
  "a bare arm's closed loop goes on before all members have the message": {
    promise: closedLoop,
    file: "bench/measurement/bare-load.ts",
    from: "--message.left > 0",
    to: "--message.left > 2",
    tests: armTests,
  },
  "refused logins count as done": {
    promise: promised("loadgen", "a login that was refused is none"),
    file: "bench/measurement/login-storm.ts",
    from: "if (login.ok) succeeded++;",
    to: "if (login) succeeded++;",
    tests: loginTests,
  },
  "the connection of a login stays open": {
    promise: lag,
    file: "bench/measurement/login-storm.ts",
    from: "      login.close();\n",
    to: "",
    tests: loginTests,
  },
  "logins that are ended early are shown by the whole time": {
    promise: lag,
    file: "bench/measurement/login-storm.ts",
    from: "signal.aborted ? Math.min(seconds, (parts.clock.monotonic() - startMs) / 1000) : seconds",
    to: "seconds",
    tests: loginTests,
  },
  "the lag of a storm is that of its warm-up, too": {
    promise: lag,
    file: "bench/measurement/server-lag.ts",
    from: "  await read(servers); // Begins a new period.\n",
    to: "",
    tests: ["bench/measurement/server-lag.test.ts"],
  },
  "the memory of a transfer is what is left of it at the end": {
    promise: promised("readme", "server memory above idle for each transfer"),
    file: "bench/measurement/usage-watch.ts",
    from: "this.#peakBytes - before.residentBytes",
    to: "after.residentBytes - before.residentBytes",
    tests: ["bench/measurement/usage-watch.test.ts"],
  },
  "the rate of transfers is that of one round in the time of all": {
    promise: promised("readme", "4 files of 20 MiB at once, together: upload, download"),
    file: "bench/experiments/files.ts",
    from: "const all = mebibytes * rounds.length;",
    to: "const all = mebibytes;",
    tests: ["bench/experiments/files.test.ts"],
  },
  "a connection's memory is that of the whole server": {
    promise: promised("readme", "server memory for each of 10,000 idle connections"),
    file: "bench/experiments/connections.ts",
    from: "(after - before) / connected / 1024",
    to: "after / connected / 1024",
    tests: ["bench/experiments/connections.test.ts"],
  },
  "counts grow whenever somebody asks for them": {
    promise: metrics,
    file: "core/server/metrics.ts",
    from: "          this.reset();\n          this.inc(value());",
    to: "          this.inc(value());",
    tests: metricTests,
  },
  "refusals grow whenever somebody asks for them": {
    promise: metrics,
    file: "core/server/metrics.ts",
    from: "        this.reset();\n        for",
    to: "        for",
    tests: metricTests,
  },
  "the metric of lag is in milliseconds": {
    promise: lag,
    file: "core/server/metrics.ts",
    from: "p99Ms / 1000",
    to: "p99Ms",
    tests: metricTests,
  },
  "the metric of connections counts groups": {
    promise: connections,
    file: "core/server/metrics.ts",
    from: "() => server.users.count",
    to: "() => server.groups.size",
    tests: metricTests,
  },
  "the metric of acknowledgements counts sends": {
    promise: metrics,
    file: "core/server/metrics.ts",
    from: "() => counters.acknowledged",
    to: "() => counters.sends",
    tests: metricTests,
  },
  "lag includes the timer's own period": {
    promise: lag,
    file: "core/platform/loop-lag.ts",
    from: "nanoseconds / 1e6 - resolutionMs",
    to: "nanoseconds / 1e6",
    tests: lagTests,
  },
  "lag is that since the server began": {
    promise: lag,
    file: "core/platform/loop-lag.ts",
    from: "    this.#delays.reset();\n",
    to: "",
    tests: lagTests,
  },
  "a bare arm's messages of the warm-up were offered": {
    promise: bare,
    file: "bench/measurement/bare-load.ts",
    from: "    if (dueMs < measureFrom || dueMs >= measureUntil) return;\n    offered++;",
    to: "    offered++;\n    if (dueMs < measureFrom || dueMs >= measureUntil) return;",
    tests: armTests,
  },
  "the exit code is 0 though a cell failed": {
    promise: promised("bench", "is listed with its code (`failed`) and does not end the run; the exit code is 1"),
    file: "bench/report/cells.ts",
    from: "failed.length > 0 || cells",
    to: "cells",
    tests: ["bench/at-terminal.test.ts"],
  },
  "the exit code does not see the pilot's audit": {
    promise: exitCode,
    file: "bench/report/cells.ts",
    from: "...(pilot?.audit ? [pilot.audit] : [])",
    to: "...(pilot?.audit ? [] : [])",
    tests: ["bench/at-terminal.test.ts"],
  },
  "an invalid load has a conclusion": {
    promise: promised("bench", "One in which the generator was the bottleneck is marked not valid"),
    file: "bench/report/cells-conclusion.ts",
    from: "return timed[0] ? loadConclusion(timed[0])",
    to: "return kept[0] ? loadConclusion(kept[0])",
    tests: ["bench/report/cells-conclusion.test.ts"],
  },
  "the balance of a cell is that at its end": {
    promise: connections,
    file: "bench/measurement/cell-from.ts",
    from: "imbalance: imbalanceOf(connectionsPerServer)",
    to: "imbalance: imbalanceOf(after.deployment.servers.map((server) => server.connections))",
    tests: ["bench/measurement/cell-from.test.ts"],
  },
  "a cell shows deliveries as acknowledgements": {
    promise: fromDue,
    file: "bench/measurement/cell-from.ts",
    from: "ackMs: load.ackMs ?? null",
    to: "ackMs: load.deliveryMs ?? null",
    tests: ["bench/measurement/cell-from.test.ts"],
  },
  "the table shows deliveries as acknowledgements": {
    promise: promised("readme", "ACK is the time until the sender knows that the message is on disk"),
    file: "bench/report/cells-table.ts",
    from: "pair(cell.ackMs)",
    to: "pair(cell.deliveryMs)",
    tests: ["bench/report/cells-table.test.ts"],
  },
  "the table shows the servers' CPU as the database's": {
    promise: promised("bench", "It includes the database's"),
    file: "bench/report/cells-table.ts",
    from: "costOf(cell, cell.databaseCpuMicrosPerDelivery)",
    to: "costOf(cell, cell.serverCpuMicrosPerDelivery)",
    tests: ["bench/report/cells-table.test.ts"],
  },
  "the CPU of calls that are under way together is that of all for each": {
    promise: promised("bench", "node-forge's CPU as a multiple of `node:crypto`'s"),
    file: "bench/micro/rounds.ts",
    from: "(cpu.user + cpu.system) / calls",
    to: "(cpu.user + cpu.system) / heldMs.length",
    tests: ["bench/micro/rounds.test.ts"],
  },
  "arms are compared the other way round": {
    promise: promised("bench", "node-forge's CPU as a multiple of `node:crypto`'s"),
    file: "bench/micro/rounds.ts",
    from: "round[of] / (first[i]?.[of] ?? Number.NaN)",
    to: "(first[i]?.[of] ?? Number.NaN) / round[of]",
    tests: ["bench/micro/rounds.test.ts"],
  },
  "a rate on the command line changes how messages arrive": {
    promise: promised("bench", "the same measurement on servers that run already"),
    file: "bench/load/load.ts",
    from: `{ kind: "poisson", ...arrivals, ratePerSecond: rate }`,
    to: `{ kind: "poisson", ratePerSecond: rate }`,
    tests: ["bench/load/load.test.ts"],
  },
  "a workload in a file goes before the options": {
    promise: promised("bench", "the same measurement on servers that run already"),
    file: "bench/load/load.ts",
    from: "parseWorkload({ ...given, ...override })",
    to: "parseWorkload({ ...override, ...given })",
    tests: ["bench/load/load.test.ts"],
  },
};
