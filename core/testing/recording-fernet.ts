import type { Identity } from "../e2ee/identity.ts";
import { RsaFernet, type RsaFernetState } from "../e2ee/rsa-fernet.ts";
import { inlineRsa } from "../e2ee/rsa-inline.ts";
import type { EpochChange } from "../e2ee/suite.ts";
import type { Epoch, GroupId } from "../wire/ids.ts";
import type { MembershipEntry } from "../wire/membership-entry.ts";

/** `rsa-fernet` that remembers every group key that it made or was given: for tests that need what members keep secret. */
export class RecordingFernet extends RsaFernet {
  readonly #keys = new Map<GroupId, Map<Epoch, Uint8Array>>();

  constructor() {
    super(inlineRsa, () => Math.floor(Date.now() / 1000));
  }

  override async beginEpoch(self: Identity, before: RsaFernetState | undefined, change: EpochChange) {
    const opened = await super.beginEpoch(self, before, change);
    this.#record(change.group, opened.state);
    return opened;
  }

  override async followEpoch(
    self: Identity,
    before: RsaFernetState | undefined,
    entry: MembershipEntry,
    wrapped: Uint8Array,
  ) {
    const followed = await super.followEpoch(self, before, entry, wrapped);
    if (followed.ok) this.#record(entry.group, followed.value);
    return followed;
  }

  keysOf(group: GroupId): ReadonlyMap<Epoch, Uint8Array> {
    return this.#keys.get(group) ?? new Map();
  }

  keyOf(group: GroupId, epoch: Epoch): Uint8Array {
    const key = this.keysOf(group).get(epoch);
    if (!key) throw new Error(`no key of epoch ${epoch} of group ${group} was seen`);
    return key;
  }

  #record(group: GroupId, { keys }: RsaFernetState): void {
    this.#keys.set(group, new Map([...(this.#keys.get(group) ?? []), ...keys]));
  }
}
