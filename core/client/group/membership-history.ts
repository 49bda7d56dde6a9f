import type { Epoch, UserId } from "../../wire/ids.ts";
import type { Membership } from "../../wire/membership.ts";
import type { MembershipEntry } from "../../wire/membership-entry.ts";

interface Stay {
  readonly fingerprint: Uint8Array;
  readonly from: Epoch;
  /** The first epoch without them; undefined while they are members. */
  until: Epoch | undefined;
}

/** The members of every epoch with their identities, and the entry with which each epoch began. */
export class MembershipHistory {
  readonly #stays = new Map<UserId, Stay[]>();
  readonly #beginnings = new Map<Epoch, MembershipEntry>();

  /** Adds the entry that led from one membership to the next. */
  record(entry: MembershipEntry, before: Membership | undefined, after: Membership): void {
    if (entry.opening !== undefined) this.#beginnings.set(entry.epoch, entry);
    for (const [user, { fingerprint }] of after.members) {
      if (before?.members.has(user)) continue;
      const stays = this.#stays.get(user) ?? [];
      stays.push({ fingerprint, from: after.epoch, until: undefined });
      this.#stays.set(user, stays);
    }
    for (const user of before?.members.keys() ?? []) {
      const stay = after.members.has(user) ? undefined : this.#stays.get(user)?.at(-1);
      if (stay) stay.until = after.epoch;
    }
  }

  /** The fingerprint under which a user was a member in an epoch; undefined when they were none. */
  memberIn(epoch: Epoch, user: UserId): Uint8Array | undefined {
    const stay = this.#stays
      .get(user)
      ?.find(({ from, until }) => from <= epoch && (until === undefined || epoch < until));
    return stay?.fingerprint;
  }

  /** The entry with which an epoch with a key began; undefined for other epochs. */
  beginning(epoch: Epoch): MembershipEntry | undefined {
    return this.#beginnings.get(epoch);
  }

  /** The epochs with a key, in order. */
  get epochs(): Epoch[] {
    return [...this.#beginnings.keys()];
  }
}
