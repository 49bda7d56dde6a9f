/**
 * A token bucket: `burst` at once, `perSecond` in the long run. It is two numbers and no timer, since a server keeps one for
 * each user.
 */
export class Budget {
  #tokens: number;
  #filledAtMs: number;
  readonly #burst: number;
  readonly #perSecond: number;

  constructor(limit: BudgetLimit, nowMs: number) {
    this.#burst = limit.burst;
    this.#perSecond = limit.perSecond;
    this.#tokens = limit.burst;
    this.#filledAtMs = nowMs;
  }

  /** Takes a token and answers 0; without one it answers the milliseconds until there is one. */
  take(nowMs: number): number {
    this.#fill(nowMs);
    if (this.#tokens < 1) return this.msUntil(1, nowMs);
    this.#tokens--;
    return 0;
  }

  /**
   * The milliseconds until there have been `count` tokens, if each is taken as soon as it is there; 0 when there are that many
   * now.
   */
  msUntil(count: number, nowMs: number): number {
    this.#fill(nowMs);
    return Math.ceil((Math.max(0, count - this.#tokens) * 1000) / this.#perSecond);
  }

  /** How many tokens there will be in `ms` milliseconds, if none is taken until then. */
  availableIn(ms: number, nowMs: number): number {
    this.#fill(nowMs);
    return Math.floor(Math.min(this.#burst, this.#tokens + (ms * this.#perSecond) / 1000));
  }

  #fill(nowMs: number): void {
    this.#tokens = Math.min(this.#burst, this.#tokens + ((nowMs - this.#filledAtMs) * this.#perSecond) / 1000);
    this.#filledAtMs = nowMs;
  }

  /** Gives a token back. */
  refund(): void {
    this.#tokens = Math.min(this.#burst, this.#tokens + 1);
  }

  /** Whether the bucket is full by now, so that forgetting it changes nothing. */
  isFull(nowMs: number): boolean {
    return this.#tokens + ((nowMs - this.#filledAtMs) * this.#perSecond) / 1000 >= this.#burst;
  }
}

export interface BudgetLimit {
  readonly burst: number;
  readonly perSecond: number;
}

/** Budgets by key; full ones are forgotten now and then. */
export class Budgets<Key> {
  readonly #limit: BudgetLimit;
  readonly #budgets = new Map<Key, Budget>();
  #sweepAt = 1024;

  constructor(limit: BudgetLimit) {
    this.#limit = limit;
  }

  of(key: Key, nowMs: number): Budget {
    let budget = this.#budgets.get(key);
    if (!budget) {
      budget = new Budget(this.#limit, nowMs);
      if (this.#budgets.size >= this.#sweepAt) this.#forgetFull(nowMs);
      this.#budgets.set(key, budget);
    }
    return budget;
  }

  get size(): number {
    return this.#budgets.size;
  }

  #forgetFull(nowMs: number): void {
    for (const [key, budget] of this.#budgets) if (budget.isFull(nowMs)) this.#budgets.delete(key);
    this.#sweepAt = Math.max(1024, this.#budgets.size * 2);
  }
}
