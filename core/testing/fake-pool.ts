import type { Pool } from "../platform/pool.ts";
import { accepted, type Result, refused } from "../platform/result.ts";

/** A pool without threads: notes what it is asked, and answers what the test says, or that it is busy. */
export class FakePool implements Pick<Pool, "run" | "waiting"> {
  readonly asked: { readonly task: string; readonly input: unknown }[] = [];
  waiting = 0;
  readonly #answer: ((task: string) => unknown) | undefined;

  /** Without an answer every task is refused as busy. */
  constructor(answer?: (task: string) => unknown) {
    this.#answer = answer;
  }

  async run<T>(task: string, input: unknown): Promise<Result<T, "busy">> {
    this.asked.push({ task, input });
    if (!this.#answer) return refused("busy");
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as in the pool itself, callers name the type that the task returns
    return accepted(this.#answer(task) as T);
  }
}
