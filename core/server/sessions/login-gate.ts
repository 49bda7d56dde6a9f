import type { Clock } from "../../platform/clock.ts";
import { type BudgetLimit, Budgets } from "./budget.ts";

/**
 * Slows down who guesses passwords: failed tries of one name have a budget, successful ones cost nothing. It does not
 * matter whether the name exists.
 */
export class LoginGate {
  readonly #budgets: Budgets<string>;
  readonly #clock: Clock;

  constructor(limit: BudgetLimit, clock: Clock) {
    this.#budgets = new Budgets(limit);
    this.#clock = clock;
  }

  /** 0 when a try may begin, otherwise the milliseconds until one may. */
  enter(name: string): number {
    const now = this.#clock.monotonic();
    return this.#budgets.of(name, now).take(now);
  }

  /** The try was right. */
  passed(name: string): void {
    this.#budgets.of(name, this.#clock.monotonic()).refund();
  }
}
