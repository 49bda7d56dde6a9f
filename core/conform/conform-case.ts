import type { CaseContext } from "./case-context.ts";

/** What must hold of every server, and the section of PROTOCOL.md that says so. */
export interface ConformCase {
  readonly section: string;
  /** A sentence: what must hold. */
  readonly name: string;
  /** How long the case may take. */
  readonly msMax: number;
  run(context: CaseContext): Promise<void>;
}

type Run = (context: CaseContext) => Promise<void>;

/** A case that has to wait for longer than the others may. */
interface SlowRun {
  readonly msMax: number;
  readonly run: Run;
}

const caseMsMax = 10_000;

/** The cases of one section, by what must hold. */
export function casesOf(section: string, cases: Readonly<Record<string, Run | SlowRun>>): ConformCase[] {
  return Object.entries(cases).map(([name, of]) =>
    typeof of === "function" ? { section, name, msMax: caseMsMax, run: of } : { section, name, ...of },
  );
}
