import type { Clock } from "../../platform/clock.ts";
import { type BudgetLimit, Budgets } from "./budget.ts";

/**
 * Slows down guessing passwords: failed logins of one name have a budget, whether or not the name exists; successful ones cost
 * nothing.
 */
export class LoginGate {
  readonly #budgets: Budgets<string>;
  readonly #clock: Clock;

  constructor(limit: BudgetLimit, clock: Clock) {
    this.#budgets = new Budgets(limit);
    this.#clock = clock;
  }

  /** Answers 0 when a login may begin, otherwise the milliseconds until one may. */
  enter(name: string): number {
    const now = this.#clock.monotonic();
    return this.#budgets.of(name, now).take(now);
  }

  /** A login that had begun has succeeded. */
  passed(name: string): void {
    this.#budgets.of(name, this.#clock.monotonic()).refund();
  }
}
