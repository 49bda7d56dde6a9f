import { messageOf } from "../platform/failure.ts";
import { CaseContext, type ContextParts } from "./case-context.ts";
import type { ConformCase } from "./conform-case.ts";
import { Skipped, Unmet } from "./expectation.ts";

export type Verdict =
  | { readonly outcome: "pass" }
  | { readonly outcome: "fail"; readonly expected: string; readonly came: string }
  | { readonly outcome: "skip"; readonly reason: string };

export type CaseResult = Verdict & {
  readonly section: string;
  readonly name: string;
  readonly ms: number;
};

/** Runs one case after the other, each once, and says how each ended; ends early when the signal is aborted. */
export async function runCases(
  cases: readonly ConformCase[],
  parts: ContextParts,
  tell: (result: CaseResult) => void,
  signal?: AbortSignal,
): Promise<CaseResult[]> {
  const results: CaseResult[] = [];
  for (const conformCase of cases) {
    if (signal?.aborted) break;
    const { section, name } = conformCase;
    const started = parts.clock.monotonic();
    const verdict = await runCase(conformCase, parts);
    const result = { section, name, ms: Math.round(parts.clock.monotonic() - started), ...verdict };
    results.push(result);
    tell(result);
  }
  return results;
}

async function runCase({ msMax, run }: ConformCase, parts: ContextParts): Promise<Verdict> {
  const context = new CaseContext(parts);
  let cancel = () => {};
  const late = new Promise<Verdict>((resolve) => {
    cancel = parts.clock.after(msMax, () =>
      resolve({ outcome: "fail", expected: `all of it within ${msMax / 1000} s`, came: "not all of it" }),
    );
  });
  try {
    return await Promise.race([verdictOf(run(context)), late]);
  } finally {
    cancel();
    context.destroy();
  }
}

async function verdictOf(running: Promise<void>): Promise<Verdict> {
  try {
    await running;
    return { outcome: "pass" };
  } catch (cause) {
    if (cause instanceof Skipped) return { outcome: "skip", reason: cause.message };
    if (cause instanceof Unmet) return { outcome: "fail", expected: cause.expected, came: cause.came };
    return { outcome: "fail", expected: "the case can be run to its end", came: messageOf(cause) };
  }
}
