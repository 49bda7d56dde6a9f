import { pickOne, type Random } from "../../platform/random.ts";

type Step = () => void | Promise<void>;

/**
 * What is to happen next, held until a test lets it happen: one step at a time, in an order drawn at random. So whatever may
 * overtake something else does so for some seed, and the seed plays the run again.
 *
 * Steps of one lane keep their order, as what travels one way between two ends does; lanes have none among each other.
 */
export class HeldSteps {
  readonly #random: Random;
  readonly #lanes = new Map<string, Step[]>();
  #named = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  /** How many lanes have something to let happen. */
  get waiting(): number {
    return this.#lanes.size;
  }

  /** Without a lane, a step may come before and after every other. */
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

  /** Lets steps happen until none waits; fails after so many, since something then goes on by itself. */
  async all(stepsMax = 20_000): Promise<void> {
    for (let steps = 0; await this.next(); steps++) {
      if (steps >= stepsMax) throw new Error(`${stepsMax} steps, and no end`);
    }
  }

  /** Promises settle, and what waits for the next turn of the loop has its turn: a coalescer waits for one before it loads. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
  }
}
