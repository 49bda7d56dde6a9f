import { type KeyObject, sign } from "node:crypto";
import { encodeEntryBody, entrySigningContext, joinEntry, type MembershipEntry } from "../wire/membership-entry.ts";

/** The entry as it travels, signed with the actor's Ed25519 key. */
export function signEntry(entry: MembershipEntry, signingKey: KeyObject): Uint8Array {
  const body = encodeEntryBody(entry);
  return joinEntry(sign(null, Buffer.concat([entrySigningContext, body]), signingKey), body);
}
