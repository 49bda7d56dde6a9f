import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type Cancel, systemClock } from "../platform/clock.ts";
import { killGroup } from "../store/embedded/processes.ts";
import { type ReportedEvent, readEvent } from "./events-reporter.ts";

/** A test that failed, or a file that ended badly although its tests did not. */
export interface FailedTest {
  /** The test and those that it is part of, outermost first; empty for the file itself. */
  readonly name: readonly string[];
  /** What was thrown, with its stack as far as there is one. */
  readonly error: string;
}

export interface TestFileResult {
  readonly passed: number;
  /** The reasons of the tests that were skipped. */
  readonly skipped: readonly string[];
  readonly failed: readonly FailedTest[];
  readonly seconds: number;
  /** What the file printed, and its tests' remarks, such as seeds. */
  readonly output: string;
}

const reporter = new URL("./events-reporter.js", import.meta.url).href;
const propertyRuns = new URL("../testing/property-runs.js", import.meta.url).href;

/** How long a file that is ended has for ending what it has started elsewhere, such as a terminal. */
const endMsMax = 3000;

/**
 * Runs one compiled test file in a process of its own. One that has not ended after `secondsMax` is ended, and has failed;
 * so has one that the signal ends. What these have started is killed with them.
 */
export async function runTestFile(file: string, secondsMax: number, signal?: AbortSignal): Promise<TestFileResult> {
  const began = systemClock.monotonic();
  const scratch = mkdtempSync(path.join(tmpdir(), "test-file-"));
  const events = path.join(scratch, "events");
  // With this variable of a runner that runs this one, the child would report its tests there.
  const { NODE_TEST_CONTEXT: _, ...environment } = process.env;
  const child = spawn(
    process.execPath,
    [
      "--enable-source-maps",
      // Only when it changes something: loading the library takes time.
      ...(environment.FC_SEED === undefined && environment.FC_RUNS === undefined ? [] : [`--import=${propertyRuns}`]),
      `--test-reporter=${reporter}`,
      `--test-reporter-destination=${events}`,
      file,
    ],
    // A group of its own: its processes can be ended together.
    { stdio: ["ignore", "pipe", "pipe"], env: environment, detached: true },
  );
  const printed: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => printed.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => printed.push(chunk));
  let isLate = false;
  let cancelKill: Cancel | undefined;
  const end = () => {
    child.kill("SIGTERM");
    // A process that hangs in a loop never handles a signal.
    cancelKill ??= systemClock.after(endMsMax, () => child.kill("SIGKILL"));
  };
  const cancel = systemClock.after(secondsMax * 1000, () => {
    isLate = true;
    end();
  });
  signal?.addEventListener("abort", end);
  // Not "close": processes that it started and left behind may hold its output open.
  await once(child, "exit");
  const { exitCode: code, signalCode: killedBy } = child;
  cancel();
  signal?.removeEventListener("abort", end);
  if (cancelKill) {
    cancelKill();
    killGroup(child);
  }
  const { failed, remarks, ...result } = resultOf(readEvents(events));
  rmSync(scratch, { recursive: true, force: true });
  const ending = isLate
    ? `it had not ended after ${secondsMax} s`
    : killedBy || (code !== 0 && failed.length === 0)
      ? `its process ended with ${killedBy ?? `code ${code}`}`
      : failed.length + result.passed + result.skipped.length === 0
        ? "it has no test"
        : undefined;
  return {
    ...result,
    failed: ending === undefined ? failed : [...failed, { name: [], error: ending }],
    seconds: (systemClock.monotonic() - began) / 1000,
    output: remarks.concat(Buffer.concat(printed).toString()).join("\n"),
  };
}

/** The events up to the last whole line: that of a process that was killed may be cut. */
function readEvents(file: string): ReportedEvent[] {
  const lines = readFileSync(file, { encoding: "utf8", flag: "a+" }).split("\n").slice(0, -1);
  return lines.map(readEvent);
}

function resultOf(events: readonly ReportedEvent[]) {
  const within: string[] = [];
  const skipped: string[] = [];
  const failed: FailedTest[] = [];
  const remarks: string[] = [];
  let passed = 0;
  for (const event of events) {
    switch (event.kind) {
      case "started":
        within.splice(event.nesting, Infinity, event.name);
        break;
      case "passed":
        passed++;
        break;
      case "skipped":
        skipped.push(event.reason);
        break;
      case "failed":
        failed.push({ name: [...within.slice(0, event.nesting), event.name], error: event.error });
        break;
      case "remarked":
        remarks.push(event.message);
        break;
      default:
        event satisfies never;
    }
  }
  return { passed, skipped, failed, remarks };
}
