import type { Clock } from "../../platform/clock.ts";
import type { Random } from "../../platform/random.ts";
import { type ClientMessageId, clientMessageId } from "../../wire/ids.ts";

const randomBits = 22n;

/**
 * Names for a sender's messages: 42 bits of milliseconds and 22 random ones, always growing. Two devices of one user would
 * have to draw the same of four million numbers in the same millisecond; and neighbours in time are neighbours in the
 * database's index.
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
