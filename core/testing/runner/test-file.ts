import { run } from "node:test";

/** A test that failed, or a file that ended badly although its tests did not. */
export interface FailedTest {
  /** The test and those that it is part of, outermost first; empty for the file itself. */
  readonly name: readonly string[];
  /** What was thrown, with its stack as far as there is one. */
  readonly error: string;
}

export interface TestFileResult {
  readonly passed: number;
  /** What could not be tested here, by the reason that it gave. */
  readonly skipped: readonly string[];
  readonly failed: readonly FailedTest[];
  readonly seconds: number;
  /** What the file printed and its tests' remarks, such as seeds, in order. */
  readonly output: string;
}

/**
 * Runs one compiled test file in a process of its own. A file whose process goes on for `secondsMax` after its start is
 * ended and has failed.
 */
export async function runTestFile(file: string, secondsMax: number): Promise<TestFileResult> {
  const began = performance.now();
  const path: string[] = [];
  const skipped: string[] = [];
  const failed: FailedTest[] = [];
  const output: string[] = [];
  let passed = 0;
  const events = run({ files: [file], concurrency: 1, timeout: secondsMax * 1000 });
  events.on("test:start", ({ nesting, name }) => path.splice(nesting, Infinity, name));
  events.on("test:pass", ({ name, skip, details }) => {
    if (skip !== undefined && skip !== false) skipped.push(skip === true ? name : String(skip));
    else if (details.type !== "suite") passed++;
  });
  events.on("test:fail", ({ nesting, name, details: { error } }) => {
    // The one that holds a failed test has not failed on its own account.
    if ("failureType" in error && error.failureType === "subtestsFailed") return;
    failed.push({
      name: name === file ? [] : [...path.slice(0, nesting), name],
      error: described(error.cause ?? error),
    });
  });
  events.on("test:diagnostic", ({ file: from, message }) => {
    if (from !== undefined) output.push(`${message}\n`);
  });
  events.on("test:stdout", ({ message }) => output.push(message));
  events.on("test:stderr", ({ message }) => output.push(message));
  await new Promise((resolve, reject) => {
    // Nothing comes after the summary of the run itself; older Node versions say only that the stream has ended.
    events.on("end", resolve).on("error", reject).resume();
  });
  return { passed, skipped, failed, seconds: (performance.now() - began) / 1000, output: output.join("") };
}

function described(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  const stack = thrown.stack ?? thrown.message;
  // What took the error apart and put it together again may have lost the message from the stack.
  return stack.includes(thrown.message) ? stack : `${thrown.message}\n${stack}`;
}
