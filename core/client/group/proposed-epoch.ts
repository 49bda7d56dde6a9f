import type { Identity } from "../../e2ee/identity.ts";
import type { AnySuite, EpochChange, WrappedKey } from "../../e2ee/suite.ts";

/**
 * An epoch that this client proposes: what the server gets of it, and, for nobody else to see, the suite's state that it
 * leads to from the one that it was made from.
 */
export class ProposedEpoch {
  /** For the membership entry: what ties the keys to its signature. */
  readonly opening: Uint8Array;
  readonly keys: readonly WrappedKey[];
  readonly #suite: AnySuite;
  readonly #change: EpochChange;
  readonly #before: unknown;
  readonly #after: unknown;

  private constructor(
    suite: AnySuite,
    change: EpochChange,
    before: unknown,
    of: { state: unknown; opening: Uint8Array; keys: readonly WrappedKey[] },
  ) {
    this.#suite = suite;
    this.#change = change;
    this.#before = before;
    this.#after = of.state;
    this.opening = of.opening;
    this.keys = of.keys;
  }

  /** From a state of the suite; from none for a group that is founded. */
  static async from(before: unknown, suite: AnySuite, self: Identity, change: EpochChange): Promise<ProposedEpoch> {
    return new ProposedEpoch(suite, change, before, await suite.beginEpoch(self, before, change));
  }

  sealTitle(title: string): Uint8Array {
    const { group, epoch } = this.#change;
    return this.#suite.sealTitle(this.#after, group, epoch, title);
  }

  /** The state that follows, if the current one still is the one that the epoch was made from. */
  stateFrom(current: unknown): { readonly state: unknown } | undefined {
    return current === this.#before ? { state: this.#after } : undefined;
  }
}
