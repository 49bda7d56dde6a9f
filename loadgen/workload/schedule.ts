import { itemAt } from "../../core/platform/item-at.ts";
import type { Random } from "../../core/platform/random.ts";
import type { ClientIndex, Population } from "./population.ts";

/** A group, and the client who writes to it. */
export interface Pair {
  readonly group: number;
  readonly sender: ClientIndex;
}

/** The pairs whose senders a thread simulates, drawn as often as the workload says. */
export class SenderTable {
  readonly #pairs: Pair[] = [];
  /** Running sums of the pairs' weights. */
  readonly #sums: number[] = [];

  constructor(population: Population, isMine: (client: ClientIndex) => boolean) {
    let sum = 0;
    for (const [group, { founder, members, weight, senders }] of population.groups.entries()) {
      const writing = senders === "first" ? [founder] : members;
      for (const sender of writing) {
        if (!isMine(sender)) continue;
        sum += weight / writing.length;
        this.#pairs.push({ group, sender });
        this.#sums.push(sum);
      }
    }
  }

  /** The sum of the weights: over the sum of all groups' weights, this thread's share of all messages. */
  get weight(): number {
    return this.#sums.at(-1) ?? 0;
  }

  draw(random: Random): Pair | undefined {
    const wanted = random.unit() * this.weight;
    let low = 0;
    let high = this.#sums.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (itemAt(this.#sums, middle) > wanted) high = middle;
      else low = middle + 1;
    }
    return this.#pairs[low];
  }
}

/**
 * The times at which messages are due, in milliseconds from the start of the run. They are drawn ahead and never put off, so that
 * the figures include the messages that waited for a stalled server (Tene, "How NOT to Measure Latency", 2015).
 */
export class Arrivals {
  readonly #gapMs: number;
  readonly #random: Random;
  readonly #kind: "constant" | "poisson";
  #next: number;

  constructor(kind: "constant" | "poisson", ratePerSecond: number, random: Random) {
    this.#kind = kind;
    this.#gapMs = 1000 / ratePerSecond;
    this.#random = random;
    // Threads of constant rate must not all begin at once.
    this.#next = kind === "constant" ? random.unit() * this.#gapMs : random.exponential(this.#gapMs);
  }

  /** When the next message is due. */
  get nextMs(): number {
    return this.#next;
  }

  advance(): void {
    this.#next += this.#kind === "constant" ? this.#gapMs : this.#random.exponential(this.#gapMs);
  }
}
