import type { MicroArmResult, MicroComparison, MicroDocument } from "../document/micro-document.ts";
import { figure } from "../report/figures.ts";
import { plainTable } from "../report/plain-table.ts";
import type { Spread } from "../statistics/spread.ts";
import { inlineInCode, lessHeld, poolThreadsName, wayInCpu, wayInWait, worthTheWay } from "./crypto-figures.ts";
import { batchGroup, poolGroup, sameGroup, taskGroup } from "./inline-and-pool.ts";
import { nativeGroup } from "./native-and-forge.ts";
import { ownGroup } from "./own-operations.ts";

/** The tables of `bench micro crypto`. */
export function microCryptoTables({ comparisons }: MicroDocument): string {
  const of = (group: string) => comparisons.filter((comparison) => comparison.group === group);
  return [
    plainTable(
      [
        nativeGroup,
        "node:crypto\na call",
        "node-forge\na call",
        "node:crypto\nCPU",
        "node-forge\nCPU",
        "CPU, node-forge\nof node:crypto",
      ],
      of(nativeGroup).map((comparison) => {
        const [native, forge] = [armOf(comparison, "node:crypto"), armOf(comparison, "node-forge")];
        return [comparison.operation, time(native), time(forge), cpu(native), cpu(forge), ratio(forge?.ofFirst.cpu)];
      }),
    ),
    plainTable(
      [ownGroup, "a call", "CPU", "a second\non one core"],
      of(ownGroup).map(({ operation, arms: [arm] }) => [operation, time(arm), cpu(arm), perSecond(arm, "cpu")]),
    ),
    plainTable(
      [poolGroup, "", "caller waits", "loop held", "of inline", "CPU", "a second,\nmany at once"],
      of(poolGroup).flatMap((comparison) =>
        ["inline", "pool"].map((name, i) => {
          const arm = armOf(comparison, name);
          // Inline calls run one after the other, so that many take as long each as one, unless they were measured together.
          const many = armOf(comparison, `${name}, many`) ?? arm;
          const heldOfInline = i === 0 ? "1 ×" : ratio(arm?.ofFirst.held);
          const operation = i === 0 ? comparison.operation : "";
          return [operation, name, time(arm), held(arm), heldOfInline, cpu(arm), perSecond(many, "time")];
        }),
      ),
    ),
    plainTable(
      [
        batchGroup,
        "inline, caller\nwaits = loop held",
        "pool,\ncaller waits",
        "pool,\nloop held",
        "loop held,\npool of inline",
        "CPU,\npool of inline",
        "wraps a second\ninline / pool",
      ],
      of(batchGroup).map((comparison) => {
        const [inline, pool] = [armOf(comparison, "inline"), armOf(comparison, "pool")];
        const wraps = [inline, pool].map((arm) => perSecond(arm, "time", comparison.size ?? 1)).join(" / ");
        const [heldOf, cpuOf] = [ratio(pool?.ofFirst.held), ratio(pool?.ofFirst.cpu)];
        return [String(comparison.size), time(inline), time(pool), held(pool), heldOf, cpuOf, wraps];
      }),
    ),
    ...of(taskGroup).map(taskTable),
  ].join("\n");
}

/** What a group's new key costs in tasks of different sizes. */
function taskTable({ size, arms }: MicroComparison): string {
  const members = size ?? 0;
  const inCode = arms[0];
  return plainTable(
    [
      `${taskGroup},\n${figure(members)} in all`,
      "caller waits",
      `of the wait with\n${inCode?.arm} in a task`,
      "loop held",
      "loop held\nat once",
      "the next task\nwaits",
    ],
    [...arms]
      .sort((a, b) => Number(a.arm) - Number(b.arm))
      .map((arm) => {
        const tasks = Math.ceil(members / Number(arm.arm));
        return [
          arm.arm,
          time(arm),
          arm === inCode ? "1 ×" : ratio(arm.ofFirst.time),
          held(arm),
          duration(arm.heldMicrosPerCall.median / tasks),
          duration(arm.microsPerCall.median / tasks),
        ];
      }),
  );
}

/** Sentences on what the tables' figures mean, and what follows from them. */
export function microCryptoNotes({ comparisons, figures, secondsPerRound }: MicroDocument): string[] {
  const figureOf = (name: string) => figures.find((figure) => figure.name === name)?.value ?? null;
  const same = comparisons.find(({ group }) => group === sameGroup);
  const again = same?.arms[1];
  const rounds = again?.rounds.length ?? 0;
  return [
    `${roundsText(rounds, secondsPerRound)} CPU is the whole process's: other threads and the garbage collector too.`,
    ...(again
      ? [
          `One thing against itself (${same?.operation}): wait ${ratio(again.ofFirst.time)}, held ${ratio(again.ofFirst.held)}, CPU ${ratio(again.ofFirst.cpu)}.`,
        ]
      : []),
    ...wrapsNotes(comparisons, figureOf),
  ];
}

function roundsText(rounds: number, seconds: number): string {
  if (rounds === 1) return `One round of ${seconds} s an arm: more of them show how far figures can be trusted.`;
  return `Medians of ${rounds} rounds of ${seconds} s an arm, whose order alternates; ± and ( – ) are the 95% bootstrap interval over them.`;
}

function wrapsNotes(comparisons: readonly MicroComparison[], figureOf: (name: string) => number | null): string[] {
  const worth = figureOf(worthTheWay);
  const inCode = figureOf(inlineInCode) ?? 0;
  const from = (size: number | null) =>
    size === null ? "at no size measured" : `from ${size} ${size === 1 ? "wrap" : "wraps"} on`;
  const took = (name: string) => duration(figureOf(name) ?? Number.NaN);
  const sizes = comparisons.filter(({ group }) => group === batchGroup).map(({ size }) => size ?? 0);
  const end = worth ?? Number.POSITIVE_INFINITY;
  const below = Math.max(0, ...sizes.filter((size) => size < end));
  const agrees = below <= inCode && inCode < end;
  return [
    `The pool (threads: ${figureOf(poolThreadsName)}) holds the caller's loop for less time ${from(figureOf(lessHeld))}. The way there and back takes ${took(wayInWait)} of the wait and ${took(wayInCpu)} of CPU; a batch costs more than that ${from(worth)}.`,
    `${inlineInCode} is ${inCode}, ${agrees ? "which agrees" : `which this run does not bear out: ${below} would agree`}.`,
  ];
}

const armOf = ({ arms }: MicroComparison, name: string) => arms.find(({ arm }) => arm === name);

function duration(micros: number): string {
  if (micros >= 1e6) return `${figure(micros / 1e6)} s`;
  return micros >= 1000 ? `${figure(micros / 1000)} ms` : `${figure(micros)} µs`;
}

function withSpread(spread: Spread | undefined): string {
  if (!spread) return "–";
  const { median, low, high } = spread;
  // Of one round, there is no interval.
  if (low === high) return duration(median);
  const percent = (100 * Math.max(high - median, median - low)) / median;
  return `${duration(median)} ±${Math.round(percent)}%`;
}

const time = (arm: MicroArmResult | undefined) => withSpread(arm?.microsPerCall);
const held = (arm: MicroArmResult | undefined) => withSpread(arm?.heldMicrosPerCall);
const cpu = (arm: MicroArmResult | undefined) => withSpread(arm?.cpuMicrosPerCall);

/** A multiple of the first arm's figure; an interval around 1 is no difference. */
function ratio(spread: Spread | undefined): string {
  if (!spread) return "–";
  const { median, low, high } = spread;
  if (low === high) return `${figure(median)} ×`;
  const interval = `(${figure(low)}–${figure(high)})`;
  return low <= 1 && high >= 1 ? `no difference ${interval}` : `${figure(median)} × ${interval}`;
}

function perSecond(arm: MicroArmResult | undefined, of: "time" | "cpu", units = 1): string {
  if (!arm) return "–";
  const { median } = of === "time" ? arm.microsPerCall : arm.cpuMicrosPerCall;
  return figure((units * 1e6) / median);
}
