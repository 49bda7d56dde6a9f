import { performance } from "node:perf_hooks";
import { setImmediate as loopTurn, setTimeout as sleep } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Bench, type Task } from "tinybench";
import { Failure } from "../../core/platform/failure.ts";
import type { MicroArmResult, MicroComparison, MicroRound } from "../document/micro-document.ts";
import { median } from "../statistics/median.ts";
import { spreadOf } from "../statistics/spread.ts";

/** One way to do something. */
export interface MicroArm {
  readonly name: string;
  /** Does it once; a promise is awaited. */
  readonly call: () => unknown;
  /** How many calls are under way together; 1 without. */
  readonly atOnce?: number;
  /** How many calls there are in a round, however long they take; for an operation that takes long or varies much. */
  readonly callsPerRound?: number;
}

/** Ways to do the same, measured one after the other in each round; the others are compared with the first. */
export interface MicroSubject {
  /** Subjects of one group share a table. */
  readonly group: string;
  readonly operation: string;
  /** The size of this subject, in a series of subjects that differ in size alone. */
  readonly size?: number;
  readonly arms: readonly MicroArm[];
  /** How many rounds there are at most; for an operation that takes seconds. */
  readonly roundsMax?: number;
  /** Runs once before the rounds; throws when the arms do not do the same. */
  readonly prove?: () => unknown;
}

export interface MicroRoundsOptions {
  readonly rounds: number;
  /** Measured time of each arm in each round. */
  readonly seconds: number;
  readonly signal: AbortSignal;
  onStep?(step: string): void;
  /** Called after each subject's round, with the comparisons of all subjects that were measured so far. */
  onMeasured?(soFar: MicroComparison[]): void;
}

/**
 * Measures every subject once a round, so that other work of the machine disturbs all of them alike; the order of the arms
 * alternates.
 *
 * A round of an arm has medians of how long a call took and how long it held the event loop, which a short disturbance does not
 * change, and the mean CPU time of a call. CPU time is the whole process's, so that other threads and the garbage collector
 * are counted.
 */
export async function measureRounds(
  subjects: readonly MicroSubject[],
  { rounds, seconds, signal, onStep, onMeasured }: MicroRoundsOptions,
): Promise<MicroComparison[]> {
  const ms = seconds * 1000;
  const prepared = subjects.map(
    (subject): PreparedSubject => ({
      ...subject,
      arms: subject.arms.map((arm) => ({ arm, measured: [], batch: undefined })),
      comparison: undefined,
    }),
  );
  const comparisons = () => prepared.flatMap(({ comparison }) => comparison ?? []);
  /** Works on every subject that takes part in this round, and reports a step for each group. */
  const eachOf = async (round: number, what: string, work: (of: PreparedSubject) => Promise<void>) => {
    let group: string | undefined;
    for (const subject of prepared) {
      if (round >= (subject.roundsMax ?? Number.POSITIVE_INFINITY)) continue;
      if (subject.group !== group) onStep?.(`${what}: ${subject.group}`);
      group = subject.group;
      await work(subject);
    }
  };
  await eachOf(0, "before the rounds", async ({ prove }) => {
    await turn(signal);
    await prove?.();
  });
  for (let round = 0; round < rounds; round++) {
    await eachOf(round, `round ${round + 1} of ${rounds}`, async (subject) => {
      for (const of of inTurn(subject.arms, round)) {
        await turn(signal);
        of.batch ??= await sizeBatch(of.arm, ms);
        of.measured.push(await measureArm(of.arm, of.batch, ms));
      }
      const { group, operation, size, arms } = subject;
      subject.comparison = {
        group,
        operation,
        size: size ?? null,
        arms: arms.map(({ arm, measured }) => resultOf(arm, measured, arms[0]?.measured ?? [])),
      };
      onMeasured?.(comparisons());
    });
  }
  return comparisons();
}

interface PreparedSubject extends Omit<MicroSubject, "arms"> {
  readonly arms: readonly PreparedArm[];
  /** The comparison over the rounds so far. Made once a round, since resampling for its intervals takes a few milliseconds. */
  comparison: MicroComparison | undefined;
}

interface PreparedArm {
  readonly arm: MicroArm;
  readonly measured: MicroRound[];
  batch: Batch | undefined;
}

/** An arm's figures over its rounds, and those divided by the first arm's, round by round. */
export function resultOf(arm: MicroArm, measured: readonly MicroRound[], first: readonly MicroRound[]): MicroArmResult {
  const spread = (of: keyof MicroRound) => spreadOf(measured.map((round) => round[of]));
  const ofFirst = (of: keyof MicroRound) =>
    spreadOf(measured.map((round, i) => round[of] / (first[i]?.[of] ?? Number.NaN)));
  return {
    arm: arm.name,
    atOnce: arm.atOnce ?? 1,
    microsPerCall: spread("microsPerCall"),
    heldMicrosPerCall: spread("heldMicrosPerCall"),
    cpuMicrosPerCall: spread("cpuMicrosPerCall"),
    ofFirst: { time: ofFirst("microsPerCall"), held: ofFirst("heldMicrosPerCall"), cpu: ofFirst("cpuMicrosPerCall") },
    rounds: [...measured],
  };
}

function inTurn<T>(arms: readonly T[], round: number): readonly T[] {
  return round % 2 === 0 ? arms : [...arms].reverse();
}

/** Lets the event loop turn, so that a Ctrl-C is noticed. */
async function turn(signal: AbortSignal): Promise<void> {
  await loopTurn();
  if (signal.aborted) throw new Failure("interrupted", "the benchmark was stopped", "start it again");
}

/** How an arm is called: each sample is the mean of `calls` calls. */
interface Batch {
  readonly calls: number;
  readonly async: boolean;
}

/**
 * A sample takes at least this long, so that reading the clock, tinybench's own steps and the microtask that it waits for
 * are a thousandth of it.
 */
const sampleMsMin = 0.2;

/** The last result: a compiler may leave out calls whose results are never used. */
const seen: { last: unknown } = { last: undefined };

/** Warms the arm up, and finds out how many calls make a sample. */
async function sizeBatch(arm: MicroArm, ms: number): Promise<Batch> {
  if (arm.callsPerRound !== undefined) return { calls: 1, async: true };
  const first = arm.call();
  const async = first instanceof Promise;
  seen.last = await first;
  const warmUntil = performance.now() + ms / 2;
  for (let calls = 1; ; ) {
    const began = performance.now();
    await runCalls(arm, { calls, async });
    const ended = performance.now();
    if (ended - began < sampleMsMin) calls *= 2;
    else if (ended >= warmUntil) return { calls, async };
  }
}

async function measureArm(arm: MicroArm, batch: Batch, ms: number): Promise<MicroRound> {
  await collectGarbage();
  const callsPerSample = batch.calls * (arm.atOnce ?? 1);
  const heldMs: number[] = [];
  let cpu = process.cpuUsage();
  const bench = new Bench({
    time: arm.callsPerRound === undefined ? ms : 0,
    iterations: arm.callsPerRound ?? 1,
    warmup: arm.callsPerRound === undefined,
    warmupTime: ms / 10,
    warmupIterations: 1,
    throws: true,
    setup: (_, mode) => {
      if (mode !== "run") return;
      heldMs.length = 0;
      cpu = process.cpuUsage();
    },
    teardown: (_, mode) => {
      if (mode === "run") cpu = process.cpuUsage(cpu);
    },
  });
  let loop = performance.eventLoopUtilization();
  let began = 0;
  const begin = () => {
    loop = performance.eventLoopUtilization();
    began = performance.now();
  };
  const end = () => {
    const tookMs = performance.now() - began;
    heldMs.push(performance.eventLoopUtilization(loop).active / callsPerSample);
    return { overriddenDuration: tookMs / callsPerSample, overriddenIterationCost: tookMs };
  };
  const sample = batch.async
    ? async () => {
        begin();
        await runCalls(arm, batch);
        return end();
      }
    : () => {
        begin();
        for (let i = 0; i < batch.calls; i++) seen.last = arm.call();
        return end();
      };
  bench.add(arm.name, sample, { async: batch.async });
  const [task] = await bench.run();
  const calls = heldMs.length * callsPerSample;
  return {
    calls,
    microsPerCall: medianMs(task) * 1000,
    heldMicrosPerCall: median(heldMs) * 1000,
    cpuMicrosPerCall: (cpu.user + cpu.system) / calls,
  };
}

async function runCalls(arm: MicroArm, { calls, async }: Batch): Promise<void> {
  const atOnce = arm.atOnce ?? 1;
  for (let i = 0; i < calls; i++) {
    if (atOnce > 1) seen.last = await Promise.all(Array.from({ length: atOnce }, arm.call));
    else seen.last = async ? await arm.call() : arm.call();
  }
}

function medianMs(task: Task | undefined): number {
  const result = task?.result;
  if (result?.state !== "completed") throw new Error(`an arm ended as ${result?.state}`);
  return result.latency.p50;
}

/**
 * Collects garbage, so that no arm pays for what the one before left behind. Part of the collector's work goes on in its own
 * threads for a few milliseconds.
 */
async function collectGarbage(): Promise<void> {
  if (!collect) {
    setFlagsFromString("--expose-gc");
    collect = runInNewContext("gc");
  }
  collect?.();
  await sleep(5);
}

let collect: (() => void) | undefined;
