import { createPublicKey, type KeyObject } from "node:crypto";
import { createIdentity, generateIdentityKeys, type Identity } from "../../core/e2ee/identity.ts";
import type { WrapContext, WrapJob } from "../../core/e2ee/key-wrap.ts";
import { epoch, groupId } from "../../core/wire/ids.ts";

/** The two people whose keys the measured operations use. */
export interface MicroPeople {
  readonly alice: Identity;
  readonly bob: Identity;
}

export async function createPeople(): Promise<MicroPeople> {
  const [alice, bob] = await Promise.all([generateIdentityKeys(), generateIdentityKeys()]);
  return { alice: createIdentity("alice", alice), bob: createIdentity("bob", bob) };
}

export const group = groupId(7);
export const firstEpoch = epoch(1);

export const contextOf = ({ public: { fingerprint } }: Identity): WrapContext => ({
  group,
  epoch: firstEpoch,
  recipientFingerprint: fingerprint,
});

/**
 * Jobs that wrap a key for so many members. Each has a key object of its own, or a message to a thread would carry one for all.
 */
export function wrapJobs({ alice, bob }: MicroPeople, key: Uint8Array, count: number): WrapJob[] {
  return Array.from({ length: count }, (_, i) => {
    const member = i % 2 === 0 ? alice : bob;
    const { recipientFingerprint } = contextOf(member);
    return {
      ...contextOf(member),
      key,
      publicKey: copyOf(member.public.wrapping),
      recipientFingerprint: Uint8Array.from(recipientFingerprint),
    };
  });
}

function copyOf(key: KeyObject): KeyObject {
  return createPublicKey({ key: key.export({ type: "spki", format: "der" }), format: "der", type: "spki" });
}

/** Throws where two arms have different results. */
export function proveEqual(what: string, one: Uint8Array, other: Uint8Array): void {
  if (Buffer.compare(one, other) !== 0) throw new Error(`${what}: the arms do not do the same`);
}
