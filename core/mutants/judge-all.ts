import type { Clock } from "../platform/clock.ts";
import { Failure } from "../platform/failure.ts";
import type { Named } from "./selection.ts";
import type { Verdict, Workshop } from "./workshop.ts";

export interface JudgeParts {
  readonly workshop: Pick<Workshop, "restore" | "test" | "judge" | "isStopped">;
  readonly clock: Clock;
  readonly print: (line: string) => void;
  /** Whether to name all tests that have caught a mutant, and not only the first. */
  readonly verbose?: boolean;
}

/**
 * Judges the mutants one after the other; the exit code: 0 when all were caught, 1 when not, 130 when it was stopped. Fails when the tests
 * do not pass without a mutant (`tests_fail`), or the project does not build (`build_failed`).
 */
export async function judgeAll(mutants: readonly Named[], parts: JudgeParts): Promise<number> {
  const { workshop, clock, print, verbose = false } = parts;
  await workshop.restore();
  const sound = await workshop.test([...new Set(mutants.flatMap(([, { tests }]) => tests))]);
  if (!workshop.isStopped && sound.kind !== "survived") {
    throw new Failure(
      "tests_fail",
      `without any mutant the tests do not pass:\n${reasonOf(sound, true)}`,
      "mend them first",
    );
  }
  let judged = 0;
  let caught = 0;
  for (const [what, mutant] of mutants) {
    if (workshop.isStopped) break;
    const fromMs = clock.monotonic();
    const verdict = await workshop.judge(mutant);
    if (workshop.isStopped) break;
    judged++;
    if (verdict.kind === "caught") caught++;
    print(`${verdict.kind.padEnd(8)} ${what}, ${((clock.monotonic() - fromMs) / 1000).toFixed(0)} s`);
    if (verdict.kind !== "caught") {
      const { promise, file, from, to, tests } = mutant;
      print(
        indented(`promised: ${promise.words} (${promise.document})\n${file}: ${from}\n→ ${to}\n${tests.join("\n")}`),
      );
    }
    print(indented(reasonOf(verdict, verbose)));
  }
  const stopped = judged < mutants.length ? `; stopped after ${judged}` : "";
  print(`\n${caught} of ${mutants.length} mutants caught${stopped}`);
  return workshop.isStopped ? 130 : caught < mutants.length ? 1 : 0;
}

function reasonOf(verdict: Verdict, verbose: boolean): string {
  switch (verdict.kind) {
    case "caught":
      return verbose ? verdict.by.join("\n") : (verdict.by[0] ?? "");
    case "survived":
      return "its tests pass: write one that fails with it";
    case "refused":
      return `the compiler refuses it: write one that compiles\n${verdict.complaint}`;
    case "broken":
      return `the tests could not be run\n${verdict.complaint}`;
    default:
      return verdict satisfies never;
  }
}

function indented(text: string): string {
  return text.replace(/^(?=.)/gm, "         ");
}
