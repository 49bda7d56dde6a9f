import type { CaseResult } from "./run-cases.ts";

export interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

export function tallyOf(results: readonly CaseResult[]): Tally {
  const count = (outcome: CaseResult["outcome"]) => results.filter((result) => result.outcome === outcome).length;
  return { passed: count("pass"), failed: count("fail"), skipped: count("skip") };
}

/** The lines about a case; its section's heading comes first where the section begins. */
export function linesOf(result: CaseResult, sectionBefore: string | undefined): string[] {
  const heading =
    result.section === sectionBefore ? [] : [...(sectionBefore === undefined ? [] : [""]), result.section];
  if (result.outcome === "pass") return [...heading, `  pass  ${result.name}`];
  if (result.outcome === "skip") return [...heading, `  skip  ${result.name}: ${result.reason}`];
  const { name, expected, came } = result;
  return [...heading, `  FAIL  ${name}`, `        expected: ${expected}`, `        came: ${came}`];
}

export function summaryOf(results: readonly CaseResult[]): string {
  const { passed, failed, skipped } = tallyOf(results);
  return `${results.length} ${results.length === 1 ? "case" : "cases"}: ${passed} passed, ${failed} failed, ${skipped} skipped`;
}
