import type { Clock } from "../../platform/clock.ts";
import type { Random } from "../../platform/random.ts";
import { type ClientMessageId, clientMessageId } from "../../wire/ids.ts";

const randomBits = 22n;

/**
 * Makes a sender's client message ids: 42 bits of milliseconds and 22 random ones, always growing. Two machines of one user
 * would collide only if they drew the same of four million numbers in the same millisecond; and ids that are close in time are
 * close in the database's index.
 */
export class MessageIds {
  readonly #clock: Clock;
  readonly #random: Random;
  #last = 0n;

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  next(): ClientMessageId {
    const drawn = (BigInt(this.#clock.now()) << randomBits) | BigInt(this.#random.uint32() >>> 10);
    this.#last = drawn > this.#last ? drawn : this.#last + 1n;
    return clientMessageId(this.#last);
  }
}
