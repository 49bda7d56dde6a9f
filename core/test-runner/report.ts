import type { FailedTest, TestFileResult } from "./test-file.ts";

/** The result of each file, by its path in the project. */
export type Results = ReadonlyMap<string, TestFileResult>;

const outputCharactersMax = 8_000;

/** One line for a file that passed; for one that failed also what failed, what the file printed and how to run it alone. */
export function fileReport(file: string, result: TestFileResult): string {
  const { passed, skipped, failed, seconds, output } = result;
  const counts = [`${passed} passed`, skipped.length > 0 ? `${skipped.length} skipped` : "", `${seconds.toFixed(1)} s`];
  const line = `${failed.length > 0 ? "FAILED" : "ok    "} ${file}: ${counts.filter(Boolean).join(", ")}\n`;
  if (failed.length === 0) return line;
  const parts = [...failed.map((test) => `${named(file, test)}\n${indented(test.error)}`)];
  if (output.trim() !== "") parts.push(`the file printed:\n${indented(lastOf(output.trimEnd()))}`);
  parts.push(`this file alone: node dist/core/test-runner/main.js ${file}`);
  return `${line}${indented(parts.join("\n\n"))}\n`;
}

/** The end of a run's report: why tests were skipped, which ones failed, and the counts in a line of their own. */
export function summary(results: Results, seconds: number): string {
  const all = [...results];
  const sum = (count: (result: TestFileResult) => number) =>
    all.reduce((total, [, result]) => total + count(result), 0);
  const failed = all.flatMap(([file, result]) => result.failed.map((test) => named(file, test)));
  const reasons = new Map<string, number>();
  for (const reason of all.flatMap(([, { skipped }]) => skipped)) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  return [
    `${all.length} files in ${seconds.toFixed(0)} s`,
    ...[...reasons].map(([reason, count]) => `skipped: ${reason}${count > 1 ? ` (${count} tests)` : ""}`),
    ...failed.map((name) => `failed: ${name}`),
    `${sum(({ passed }) => passed)} passed, ${failed.length} failed, ${sum(({ skipped }) => skipped.length)} skipped\n`,
  ].join("\n");
}

/**
 * The exit code of a run: 130 if it was interrupted, 1 if a test failed or one of the `chosen` files was not run, else 0.
 */
export function exitCode(results: Results, { chosen, interrupted }: { chosen: number; interrupted: boolean }): number {
  if (interrupted) return 130;
  return results.size < chosen || [...results.values()].some(({ failed }) => failed.length > 0) ? 1 : 0;
}

const named = (file: string, { name }: FailedTest) =>
  name.length > 0 ? `${file}: ${name.join(" > ")}` : `${file}, outside of its tests`;

const indented = (text: string) => text.replace(/^(?=.)/gm, "  ");

const lastOf = (text: string) =>
  text.length <= outputCharactersMax ? text : `[…]\n${text.slice(text.length - outputCharactersMax)}`;
