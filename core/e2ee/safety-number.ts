import { createHash } from "node:crypto";
import type { PublicIdentity } from "./public-identity.ts";

/**
 * Sixty digits that two people compare to know that nobody stands between them: the same on both sides.
 *
 * Signal's numeric fingerprint (signal.org/docs, "Safety numbers"; libsignal's `NumericFingerprintGenerator`, version 0,
 * 5,200 iterations of SHA-512): thirty digits for each of the two, the smaller half first. The key is an identity's
 * fingerprint, the stable identifier its name.
 */
export function safetyNumber(one: PublicIdentity, other: PublicIdentity): string {
  return joinHalves(halfOf(one), halfOf(other));
}

const halfOf = ({ name, fingerprint }: PublicIdentity) => safetyNumberHalf(Buffer.from(name), fingerprint);

/** One side's thirty digits. */
export function safetyNumberHalf(stableIdentifier: Uint8Array, publicKey: Uint8Array): string {
  let hash = Buffer.concat([version, publicKey, stableIdentifier]);
  for (let i = 0; i < iterations; i++) hash = createHash("sha512").update(hash).update(publicKey).digest();
  let digits = "";
  for (let at = 0; at < groupsOfHalf * groupBytes; at += groupBytes) {
    digits += String(hash.readUIntBE(at, groupBytes) % 100_000).padStart(5, "0");
  }
  return digits;
}

export function joinHalves(one: string, other: string): string {
  return [one, other].sort().join("");
}

/** As people read it to each other: twelve groups of five. */
export function spacedSafetyNumber(digits: string): string {
  return digits.replaceAll(/.{5}(?=.)/g, "$& ");
}

const version = Buffer.from([0, 0]);
const iterations = 5200;
const groupBytes = 5;
const groupsOfHalf = 6;
