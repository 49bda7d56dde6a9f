import { type IdentityKeyPairs, inlineCrypto } from "../../core/client/index.ts";

/** Makes key pairs for simulated users to share, since making one takes a second. */
export async function makeKeyPairs(count: number): Promise<IdentityKeyPairs[]> {
  return Promise.all(Array.from({ length: count }, () => inlineCrypto.generateKeys()));
}

/** The key pair of the user with this number: users share them in turn. */
export function sharedKeyPair(keyPairs: readonly IdentityKeyPairs[], user: number): IdentityKeyPairs {
  const keyPair = keyPairs[user % keyPairs.length];
  if (!keyPair) throw new Error("there are no key pairs to share");
  return keyPair;
}
