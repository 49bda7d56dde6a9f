import type { Identity } from "../../e2ee/identity.ts";
import type { AnySuite, EpochChange, NewEpoch, WrappedKey } from "../../e2ee/suite.ts";

/**
 * An epoch that this client proposes: the key commitment and the wrapped keys, which the server gets, and the suite's states
 * before and after it, which stay in here.
 */
export class ProposedEpoch {
  /** For the membership entry, whose signature then covers the keys. */
  readonly keyCommitment: Uint8Array;
  readonly keys: readonly WrappedKey[];
  readonly #suite: AnySuite;
  readonly #change: EpochChange;
  readonly #before: unknown;
  readonly #after: unknown;

  private constructor(suite: AnySuite, change: EpochChange, before: unknown, of: NewEpoch<unknown>) {
    this.#suite = suite;
    this.#change = change;
    this.#before = before;
    this.#after = of.state;
    this.keyCommitment = of.keyCommitment;
    this.keys = of.keys;
  }

  /** Makes the epoch that follows a state of the suite; the first epoch of a group follows none. */
  static async from(before: unknown, suite: AnySuite, self: Identity, change: EpochChange): Promise<ProposedEpoch> {
    return new ProposedEpoch(suite, change, before, await suite.beginEpoch(self, before, change));
  }

  sealTitle(title: string): Uint8Array {
    const { group, epoch } = this.#change;
    return this.#suite.sealTitle(this.#after, group, epoch, title);
  }

  /** The state after the epoch, if the current one still is that from which the epoch was made. */
  stateFrom(current: unknown): { readonly state: unknown } | undefined {
    return current === this.#before ? { state: this.#after } : undefined;
  }
}
