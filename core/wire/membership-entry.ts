import { encode } from "cborg";
import { z } from "zod";
import { accepted, type Parsed, refused } from "../platform/result.ts";
import { parseCbor } from "./cbor.ts";
import { anyBytesField, countField, epochField, groupIdField, hashField, userIdField } from "./fields.ts";
import type { Epoch, GroupId, UserId } from "./ids.ts";
import { limits } from "./limits.ts";

/**
 * One change of a group, signed by its actor and chained to the change before. Servers order entries, clients verify them.
 *
 * Travels as 64 bytes of Ed25519 signature over {@link entrySigningContext} and the body, then the body in CBOR. Signatures
 * and hashes are checked over the bytes received, never over bytes encoded again. The fields have the names that they have
 * in the body.
 */
export interface MembershipEntry {
  readonly group: GroupId;
  /** Index in the group's log, from 0. */
  readonly index: number;
  /** The epoch that holds once this entry does. */
  readonly epoch: Epoch;
  readonly action: MembershipAction;
  readonly actor: UserId;
  /** SHA-256 of the actor's public identity. */
  readonly actorFingerprint: Uint8Array;
  /** The users whom it concerns; empty for `leave`, `rename` and `rekey`. */
  readonly subjects: readonly MembershipSubject[];
  /** SHA-256 of the entry before, signature included; 32 zero bytes in the first. */
  readonly previous: Uint8Array;
  /**
   * The key commitment: the suite's proof that all members are given the same key, opaque to servers. Present exactly in the
   * entries of {@link actionsWithNewKey}.
   */
  readonly opening?: Uint8Array;
  /** What members call the group, sealed by the suite: opaque to servers. */
  readonly sealedTitle?: Uint8Array;
  /** Fixed at creation. */
  readonly settings?: GroupSettings;
}

export interface MembershipSubject {
  readonly user: UserId;
  readonly fingerprint: Uint8Array;
}

export interface GroupSettings {
  /** Name of the encryption suite. */
  readonly suite: string;
  /** Whether a new member is given the keys of the epochs before. */
  readonly history: boolean;
  /** Seconds after which messages are deleted everywhere; 0 keeps them. */
  readonly expireSeconds: number;
}

export const membershipActions = [
  "create",
  "admit",
  "remove",
  "promote",
  "demote",
  "rename",
  "leave",
  "rekey",
] as const;
export type MembershipAction = (typeof membershipActions)[number];

/** Actions that begin an epoch with a new key. `leave` begins one without a key: a member who stays rekeys. */
export const actionsWithNewKey: ReadonlySet<MembershipAction> = new Set(["create", "admit", "remove", "rekey"]);

export const entrySigningContext = Buffer.from("fastchat membership entry v1\0");
export const signatureBytes = 64;

const entryBody = z.strictObject({
  group: groupIdField,
  index: countField,
  epoch: epochField,
  action: z.enum(membershipActions),
  actor: userIdField,
  actorFingerprint: hashField,
  subjects: z.array(z.strictObject({ user: userIdField, fingerprint: hashField })).max(limits.groupMembersMax),
  previous: hashField,
  opening: anyBytesField.exactOptional(),
  sealedTitle: anyBytesField.exactOptional(),
  settings: z
    .strictObject({ suite: z.string().min(1).max(32), history: z.boolean(), expireSeconds: countField })
    .exactOptional(),
});

/** The bytes that the actor signs, after {@link entrySigningContext}. */
export function encodeEntryBody(entry: MembershipEntry): Uint8Array {
  return encode(entry);
}

export function joinEntry(signature: Uint8Array, body: Uint8Array): Uint8Array {
  return Buffer.concat([signature, body]);
}

export interface SignedEntry {
  readonly entry: MembershipEntry;
  readonly signature: Uint8Array;
  /** The encoded body, as received. */
  readonly body: Uint8Array;
}

export function parseEntry(bytes: Uint8Array): Parsed<SignedEntry> {
  if (bytes.length <= signatureBytes) return refused("a membership entry is longer than its signature");
  if (bytes.length > limits.entryBytesMax)
    return refused(`a membership entry has at most ${limits.entryBytesMax} bytes`);
  const body = bytes.subarray(signatureBytes);
  const entry = parseCbor(body, entryBody);
  if (!entry.ok) return refused(`membership entry: ${entry.reason}`);
  return accepted({ entry: entry.value, signature: bytes.subarray(0, signatureBytes), body });
}
