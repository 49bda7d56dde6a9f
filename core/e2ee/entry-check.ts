import { createHash, type KeyObject, verify } from "node:crypto";
import { entrySigningContext, type SignedEntry } from "../wire/membership-entry.ts";

export function isSignedBy(signed: SignedEntry, signing: KeyObject): boolean {
  return verify(null, Buffer.concat([entrySigningContext, signed.body]), signing, signed.signature);
}

/** The hash that the next entry names as `previous`. */
export function entryHash(bytes: Uint8Array): Uint8Array {
  return createHash("sha256").update(bytes).digest();
}

/** The hash that the first entry names as `previous`. */
export const noEntryHash: Uint8Array = new Uint8Array(32);
