import { pickOne, type Random } from "../../platform/random.ts";

type Step = () => void | Promise<void>;

/**
 * Holds steps until a test lets them happen, one at a time, in an order drawn at random. So each step that may overtake
 * another does so for some seed, and the seed plays the run again.
 *
 * Steps of one lane keep their order, as frames that travel one way between two ends do; steps of different lanes do not.
 */
export class HeldSteps {
  readonly #random: Random;
  readonly #lanes = new Map<string, Step[]>();
  #named = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  /** How many lanes have a step that waits. */
  get waiting(): number {
    return this.#lanes.size;
  }

  /** Holds a step; one without a lane may happen before and after every other. */
  hold(step: Step, lane = `#${this.#named++}`): void {
    const before = this.#lanes.get(lane);
    if (before) before.push(step);
    else this.#lanes.set(lane, [step]);
  }

  /** Lets one step happen, and everything that follows from it without another; false when none waits. */
  async next(): Promise<boolean> {
    await this.settle();
    const lanes = [...this.#lanes.keys()];
    if (lanes.length === 0) return false;
    const lane = pickOne(this.#random, lanes);
    const steps = this.#lanes.get(lane) ?? [];
    const step = steps.shift();
    if (steps.length === 0) this.#lanes.delete(lane);
    await step?.();
    return true;
  }

  /** Lets steps happen until none waits; fails after `stepsMax`, since then each step leads to another without end. */
  async all(stepsMax = 20_000): Promise<void> {
    for (let steps = 0; await this.next(); steps++) {
      if (steps >= stepsMax) throw new Error(`${stepsMax} steps, and no end`);
    }
  }

  /** Lets promises settle, and the event loop turn: a coalescer waits for a turn before it loads. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
  }
}
