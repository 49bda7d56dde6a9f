import { parseArgs } from "node:util";
import { systemClock } from "../platform/clock.ts";
import { decimalNumber, wholeNumber } from "../platform/decimal.ts";
import { allTargets } from "./all-targets.ts";
import { appendToCorpus, readCorpus } from "./corpus.ts";
import { type CostRow, measureCosts } from "./cost.ts";
import { type FuzzReport, stackOf } from "./fuzzer.ts";
import { bytesInUse } from "./heap.ts";
import { type FuzzTarget, outcomeOf } from "./target.ts";
import { fuzzWatched } from "./watched-run.ts";

/** `npm run fuzz`: long runs, by hand. An input that a run finds goes into the corpus, which the tests run. */
const usage = `npm run fuzz -- [target…] [options]
  target            which targets; all without
  --seconds N       how long each target runs (10)
  --executions N    how many inputs each target runs at most
  --seed N          replays a run: the same inputs in the same order
  --save            keeps inputs that took new ways in the corpus
  --input HEX       runs one input of one target, and shows its outcome
  --cost            only what growing inputs cost, and whether it grows faster than they do
  --list            names the targets
`;

const ratiosShown = 4;
const savedBytesMax = 2000;
const savedSeedsMax = 5;
const savedPerTargetMax = 40;
const leakBytes = 16 * 1024 * 1024;

const { values: given, positionals: names } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: "string", default: "10" },
    executions: { type: "string", default: String(Number.MAX_SAFE_INTEGER) },
    seed: { type: "string", default: String(Math.floor(Math.random() * 2 ** 31)) },
    save: { type: "boolean", default: false },
    input: { type: "string" },
    cost: { type: "boolean", default: false },
    list: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
const seed = wholeNumber(given.seed);
const seconds = decimalNumber(given.seconds);
const executionsMax = wholeNumber(given.executions);
const print = (line: string) => void process.stdout.write(`${line}\n`);

const all = await allTargets();
const unknown = names.filter((name) => !all.some((target) => target.name === name));
const targets = names.length === 0 ? all : all.filter(({ name }) => names.includes(name));

if (given.help) print(usage);
else if (unknown.length > 0) fail(`no target ${unknown.join(", ")}; --list names them`);
else if (given.list) for (const { name } of all) print(name);
else if (given.input !== undefined) await runOne(given.input);
else if (seed === undefined || seconds === undefined || executionsMax === undefined) {
  fail("--seed and --executions are whole numbers, --seconds is a number, in decimal digits");
} else {
  const found = given.cost ? [] : await fuzzAll({ seed, seconds, executionsMax });
  // Not those with findings: an input that hangs would hang here too.
  await showCosts(targets.filter((target) => !found.includes(target)));
}

function fail(complaint: string): void {
  process.stderr.write(`${complaint}\n`);
  process.exitCode = 1;
}

async function runOne(hex: string): Promise<void> {
  const [target] = targets;
  if (!target || targets.length !== 1) return fail("--input needs one target");
  try {
    const { accepted, way } = await outcomeOf(target, Buffer.from(hex, "hex"));
    print(`${accepted ? "accepted" : "refused"}: ${way}`);
  } catch (cause) {
    fail(stackOf(cause));
  }
}

/** Fuzzes all targets, and answers those with findings. */
async function fuzzAll({
  seed,
  seconds,
  executionsMax,
}: {
  seed: number;
  seconds: number;
  executionsMax: number;
}): Promise<FuzzTarget[]> {
  const found: FuzzTarget[] = [];
  print(`seed ${seed}, ${seconds} s each\n`);
  print(tableLine("target", "executions", "per second", "accepted", "ways", "heap growth"));
  for (const target of targets) {
    const discoveriesMax = given.save ? Math.max(0, savedPerTargetMax - readCorpus(target.name).length) : 0;
    const order = {
      name: target.name,
      module: target.module,
      seed,
      executionsMax,
      msMax: seconds * 1000,
      discoveriesMax,
    };
    const report = await fuzzWatched(order, target.bytesMax);
    const { executions, ms, accepted, ways, heapGrowthBytes = 0 } = report;
    const leaks = heapGrowthBytes > leakBytes;
    print(
      tableLine(
        target.name,
        executions.toLocaleString("en"),
        Math.round((executions / ms) * 1000).toLocaleString("en"),
        `${((accepted / executions) * 100).toFixed(1)} %`,
        String(ways),
        `${(heapGrowthBytes / 1024).toFixed(0)} KiB${leaks ? " !" : ""}`,
      ),
    );
    if (report.finding) {
      found.push(target);
      reportFinding(target, report.finding, seed);
    } else if (leaks)
      fail(`${target.name}: the heap has grown by ${heapGrowthBytes} bytes in the second half of the run`);
    if (given.save) await saveDiscoveries(target, report);
  }
  return found;
}

function reportFinding(
  { name }: FuzzTarget,
  { input, message, stack }: NonNullable<FuzzReport["finding"]>,
  seed: number,
) {
  const file = appendToCorpus(name, [{ verdict: "found", input, note: message }]);
  const hex = Buffer.from(input).toString("hex");
  fail(`
${name}: ${stack}

The input is now in ${file}, which the tests run. To see it again:
  npm run fuzz -- ${name} --input ${hex.length > 400 ? "(the hex from the corpus)" : hex}
or the whole run:
  npm run fuzz -- ${name} --seed ${seed}
`);
}

/** Keeps discoveries; and some seeds where there is no corpus yet, since a target with few ways has no discoveries. */
async function saveDiscoveries(target: FuzzTarget, { discoveries }: FuzzReport): Promise<void> {
  const seeds = readCorpus(target.name).length === 0 ? (await target.seeds()).slice(0, savedSeedsMax) : [];
  const small = [...seeds, ...discoveries].filter(({ length }) => length <= savedBytesMax);
  const entries = await Promise.all(
    small.map(async (input) => {
      const { accepted, way } = await outcomeOf(target, input);
      return { verdict: accepted ? "accepted" : "refused", input, note: way } as const;
    }),
  );
  if (entries.length > 0) appendToCorpus(target.name, entries);
}

async function showCosts(measured: readonly FuzzTarget[]): Promise<void> {
  print(`
What growing inputs cost: the time of the largest, the factors by which time grew with each doubling of the size before (2 is
linear, 4 quadratic), the power of the size with which it grows, and the memory taken, garbage included.
`);
  print(tableLine("target", "what grows", "bytes", "µs", "with each doubling", "power", "memory"));
  const options = { clock: systemClock, msPerPoint: 10, heapBytes: bytesInUse };
  for (const target of measured) {
    for (let row of await measureCosts(target, options)) {
      // Measured again, since other programs on the machine may make any cost look bad.
      for (let tries = 0; row.complaint && tries < 3; tries++) {
        const [again = row] = await measureCosts(target, { ...options, msPerPoint: 400, only: row.what });
        row = again;
      }
      print(tableLine(target.name, ...costCells(row)));
      if (row.complaint) process.exitCode = 1;
    }
  }
}

function costCells({ what, points, largest, power, heapBytes, complaint }: CostRow): string[] {
  const ratios = points.flatMap(({ ms }, i) => {
    const before = points[i - 1];
    return before ? [(ms / before.ms).toFixed(1)] : [];
  });
  return [
    what,
    largest.bytes.toLocaleString("en"),
    (largest.ms * 1000).toLocaleString("en", { maximumFractionDigits: 1 }),
    ratios.slice(-ratiosShown).join("  "),
    power.toFixed(2),
    `${(heapBytes / 1024 ** 2).toFixed(1)} MiB${complaint ? `  ! ${complaint}` : ""}`,
  ];
}

function tableLine(first: string, ...rest: readonly string[]): string {
  const isCost = rest.length > 5;
  const widths = isCost ? [42, 9, 11, 22, 6, 10] : [12, 11, 9, 6, 14];
  const cells = rest.map((cell, i) => (isCost && i === 0 ? cell.padEnd(42) : cell.padStart(widths[i] ?? 0)));
  return `${first.padEnd(32)} ${cells.join(" ")}`;
}
