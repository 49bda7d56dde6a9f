import { promised } from "../documents.ts";
import type { Mutants } from "../mutant.ts";

const cut = promised("loadgen", "an interruption ends the stretch, and what was measured until then is audited");
const fromDue = promised("loadgen", "Latency counts from when they were due");
const coming = promised("loadgen", "have some leave and come back");
const closedLoop = promised("readme", "saturated, 4 in flight a group");
const opened = promised("loadgen", "a share of the deliveries opened and verified");
const lag = promised("readme", "event-loop lag p99 of a server under 200 logins/s");
const cpu = promised("bench", "CPU per message stands beside every time");
const oneCore = promised("readme", "deliveries that the load generator audits on one core");
const connections = promised("bench", "when all users are connected and before any leaves");
const windowTests = ["loadgen/workload/measured-window.test.ts"];
const trafficTests = ["loadgen/users/traffic.test.ts"];
const churnTests = ["loadgen/users/churn.test.ts"];
const probeTests = ["loadgen/recorder/deployment-probe.test.ts"];
const validityTests = ["loadgen/recorder/validity.test.ts"];
const sessionTests = ["loadgen/session-at-servers.test.ts"];

/** How the load generator puts load on servers, and what it measures of it. */
export const loadMutants: Mutants = {
  "a run that was stopped ends before its threads": {
    promise: promised("loadgen", "the run fails once all of its threads have ended"),
    file: "loadgen/threads/crew.ts",
    from: "    this.#stopping ??= this.#stopAll();\n    return this.#stopping;",
    to: "    if (this.#stopping) return Promise.resolve();\n    return (this.#stopping = this.#stopAll());",
    tests: ["loadgen/threads/crew.test.ts"],
  },
  "a stretch that is cut short counts its warm-up": {
    promise: cut,
    file: "loadgen/workload/measured-window.ts",
    from: "atMs - this.fromMs",
    to: "atMs - this.#startMs",
    tests: windowTests,
  },
  "a stretch that is cut short at its end lasts longer": {
    promise: cut,
    file: "loadgen/workload/measured-window.ts",
    from: "Math.min(this.#durationMs, Math.max(0, atMs - this.fromMs))",
    to: "Math.max(0, atMs - this.fromMs)",
    tests: windowTests,
  },
  "the measured time begins with the warm-up": {
    promise: fromDue,
    file: "loadgen/load-session.ts",
    from: "this.#measure(stretch, startMs + warmUpSeconds * 1000)",
    to: "this.#measure(stretch, startMs + 0 * warmUpSeconds)",
    tests: sessionTests,
  },
  "messages that are still under way are not counted at the end": {
    promise: promised("bench", "when messages had no outcome at the end"),
    file: "loadgen/threads/simulation.ts",
    from: "reduce((sum, { unsettled }) => sum + unsettled, 0)",
    to: "reduce((sum, { unsettled }) => sum + 0 * unsettled, 0)",
    tests: sessionTests,
  },
  "connections are counted while the load goes on": {
    promise: connections,
    file: "loadgen/generator.ts",
    from: "    await options.onReady?.();\n",
    to: "    void options.onReady?.();\n",
    tests: ["loadgen/load-session.test.ts"],
  },
  "each thread offers the whole rate": {
    promise: promised("loadgen", "Messages are due at times drawn ahead"),
    file: "loadgen/users/traffic.ts",
    from: "(ratePerSecond * this.#senders.weight) / total",
    to: "(ratePerSecond * total) / total",
    tests: trafficTests,
  },
  "users who are away write": {
    promise: coming,
    file: "loadgen/users/traffic.ts",
    from: "if (user && !user.away && user",
    to: "if (user && user",
    tests: trafficTests,
  },
  "users who were removed write": {
    promise: coming,
    file: "loadgen/users/traffic.ts",
    from: "&& user.stays.has(crowd.groupAt(pair.group))) return pair;",
    to: ") return pair;",
    tests: trafficTests,
  },
  "a closed loop has one message under way": {
    promise: closedLoop,
    file: "loadgen/users/traffic.ts",
    from: "{ length: inFlight }",
    to: "{ length: Math.min(1, inFlight) }",
    tests: trafficTests,
  },
  "each thread keeps messages under way in every group": {
    promise: closedLoop,
    file: "loadgen/users/traffic.ts",
    from: "      if (!crowd.isMine(founder)) return;\n",
    to: "      if (founder < 0) return;\n",
    tests: trafficTests,
  },
  "a refused message ends its part of a closed loop": {
    promise: closedLoop,
    file: "loadgen/users/traffic.ts",
    from: "      then?.();\n    });",
    to: "      if (outcome.ok) then?.();\n    });",
    tests: trafficTests,
  },
  "bytes in place of sealed messages are as short as the texts": {
    promise: promised("loadgen", "(bytes as long as sealed ones)"),
    file: "loadgen/users/traffic.ts",
    from: "this.#bytes(rsaFernetPayloadBytes(encodeContent(content).length))",
    to: "this.#bytes(Math.min(rsaFernetPayloadBytes(1), encodeContent(content).length))",
    tests: trafficTests,
  },
  "no delivery is opened": {
    promise: opened,
    file: "loadgen/users/crowd.ts",
    from: "opens: () => this.#parts.random.unit() < openShare,",
    to: "opens: () => this.#parts.random.unit() > 1 + openShare,",
    tests: ["loadgen/users/crowd.test.ts"],
  },
  "every delivery is opened": {
    promise: opened,
    file: "loadgen/users/crowd.ts",
    from: "opens: () => this.#parts.random.unit() < openShare,",
    to: "opens: () => this.#parts.random.unit() < 1 + openShare,",
    tests: ["loadgen/users/crowd.test.ts"],
  },
  "removed members are not admitted again": {
    promise: coming,
    file: "loadgen/users/churn.ts",
    from: `["remove", "admit"] as const`,
    to: `["remove"] as const`,
    tests: churnTests,
  },
  "nobody leaves": {
    promise: coming,
    file: "loadgen/users/churn.ts",
    from: "users.length * awayShare",
    to: "0 * users.length * awayShare",
    tests: churnTests,
  },
  "users who are away when a stretch is cut short stay away": {
    promise: cut,
    file: "loadgen/users/churn.ts",
    from: "    user.comeBack();\n",
    to: "    if (!signal.aborted) user.comeBack();\n",
    tests: churnTests,
  },
  "users leave after a stretch was cut short": {
    promise: cut,
    file: "loadgen/users/churn.ts",
    from: "    if (signal.aborted) return;\n    user.leaveNetwork();",
    to: "    user.leaveNetwork();",
    tests: churnTests,
  },
  "refused changes of groups are not counted": {
    promise: coming,
    file: "loadgen/users/churn.ts",
    from: "if (!changed.ok) observation.failed(",
    to: "if (!changed.ok && names.length === 0) observation.failed(",
    tests: churnTests,
  },
  "a user whose sign-up was answered too late ends the run": {
    promise: promised("loadgen", "how they try again to get in"),
    file: "loadgen/users/entry.ts",
    from: "mayBeSignedUp: mayBeSignedUp || unanswered.has(code)",
    to: "mayBeSignedUp",
    tests: ["loadgen/users/entry.test.ts"],
  },
  "a name that somebody else has is taken for the user's own": {
    promise: promised("loadgen", "how they try again to get in"),
    file: "loadgen/users/entry.ts",
    from: 'entry === "signUp" && mayBeSignedUp ?',
    to: 'entry === "signUp" && number > 1 ?',
    tests: ["loadgen/users/entry.test.ts"],
  },
  "the longest latency of a stretch is that of all before": {
    promise: fromDue,
    file: "loadgen/recorder/recorder.ts",
    from: "    this.#histogram.reset();\n    this.#maxMicros = 0;",
    to: "    this.#histogram.reset();",
    tests: ["loadgen/recorder/recorder.test.ts"],
  },
  "a Poisson process may fall short by four standard deviations": {
    promise: promised("bench", "A Poisson process may fall short of it by three standard deviations"),
    file: "loadgen/recorder/validity.ts",
    from: "poissonDeviationsMax = 3",
    to: "poissonDeviationsMax = 4",
    tests: validityTests,
  },
  "two fifths of a latency may be the generator's": {
    promise: promised("bench", "when more than a third of the reported p50 or p99 is from before messages were sent"),
    file: "loadgen/recorder/validity.ts",
    from: "lateShareMax = 1 / 3",
    to: "lateShareMax = 2 / 5",
    tests: validityTests,
  },
  "the lag of servers is shown in seconds": {
    promise: lag,
    file: "loadgen/recorder/deployment-probe.ts",
    from: `value("fastchat_loop_lag_seconds 0.99") * 1000`,
    to: `value("fastchat_loop_lag_seconds 0.99")`,
    tests: probeTests,
  },
  "the lag of servers is the median": {
    promise: lag,
    file: "loadgen/recorder/deployment-probe.ts",
    from: "fastchat_loop_lag_seconds 0.99",
    to: "fastchat_loop_lag_seconds 0.5",
    tests: probeTests,
  },
  "the kernel's part of the servers' CPU does not count": {
    promise: cpu,
    file: "loadgen/recorder/deployment-probe.ts",
    from: `value("process_cpu_seconds_total")`,
    to: `value("process_cpu_user_seconds_total")`,
    tests: probeTests,
  },
  "copies are counted by what was sent, not by what was acknowledged": {
    promise: cpu,
    file: "loadgen/recorder/deployment-probe.ts",
    from: "fastchat_acknowledged_total",
    to: "fastchat_sends_total",
    tests: probeTests,
  },
  "processes of two hosts with one number are one": {
    promise: promised("loadgen", "a process counts once however many servers it has"),
    file: "loadgen/recorder/deployment-probe.ts",
    from: "process: `${host} ${value",
    to: "process: `${value",
    tests: probeTests,
  },
  "an error's text is read as figures": {
    promise: promised("loadgen", "What answers a request for figures with an error fails the run"),
    file: "loadgen/recorder/deployment-probe.ts",
    from: "if (status !== 200) throw",
    to: "if (status === 0) throw",
    tests: probeTests,
  },
  "the generator's cores are those since its process began": {
    promise: oneCore,
    file: "loadgen/recorder/busy-cores.ts",
    from: "cpuSeconds() - before",
    to: "cpuSeconds() - 0 * before",
    tests: ["loadgen/recorder/busy-cores.test.ts"],
  },
  "failures of one thread replace those of another": {
    promise: promised("loadgen", "Lateness of sends, event-loop lag and CPU are measured"),
    file: "loadgen/stretch-result.ts",
    from: "failures[code] = (failures[code] ?? 0) + count;",
    to: "failures[code] = count;",
    tests: ["loadgen/stretch-result.test.ts"],
  },
  "a cell whose rate was not met is not measured again": {
    promise: promised("bench", "The first three lie in the generator"),
    file: "loadgen/recorder/validity.ts",
    from: `new Set(["sends_late", "rate_not_met", "generator_busy"])`,
    to: `new Set(["sends_late", "generator_busy"])`,
    tests: validityTests,
  },
};
