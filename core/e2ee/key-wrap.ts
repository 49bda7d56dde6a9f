import { createHash, constants as crypto, type KeyObject, privateDecrypt, publicEncrypt } from "node:crypto";
import { accepted, type Parsed, refused } from "../platform/result.ts";
import { writeUint32, writeUint53 } from "../wire/bytes.ts";
import type { Epoch, GroupId } from "../wire/ids.ts";

/**
 * An epoch key on its way to one member: RSA-OAEP with SHA-256 (RFC 8017), whose label names the group, the epoch and the
 * recipient's fingerprint. A wrapped key of another group, epoch or person does not unwrap.
 */
export interface WrapContext {
  readonly group: GroupId;
  readonly epoch: Epoch;
  readonly recipientFingerprint: Uint8Array;
}

export interface WrapJob extends WrapContext {
  readonly publicKey: KeyObject;
  readonly key: Uint8Array;
}

export interface UnwrapJob extends WrapContext {
  readonly privateKey: KeyObject;
  readonly wrapped: Uint8Array;
}

export function wrapKey({ publicKey, key, ...context }: WrapJob): Uint8Array {
  return publicEncrypt({ key: publicKey, ...oaep(context) }, key);
}

/** Refused when it was wrapped for somebody else, for another group or epoch, or changed. */
export function unwrapKey({ privateKey, wrapped, ...context }: UnwrapJob): Parsed<Uint8Array> {
  try {
    return accepted(privateDecrypt({ key: privateKey, ...oaep(context) }, wrapped));
  } catch {
    return refused("the wrapped key is not for this group, epoch and recipient");
  }
}

/**
 * The key commitment, which the signed membership entry that begins the epoch carries. By it every member checks that all
 * were given the same key; a server that replays an old wrapped key or invents one is found out. It reveals nothing of a
 * random 256-bit key.
 */
export function commitToKey(group: GroupId, epoch: Epoch, key: Uint8Array): Uint8Array {
  return createHash("sha256")
    .update("fastchat epoch key commitment v1\0")
    .update(groupEpochBytes(group, epoch))
    .update(key)
    .digest();
}

/** OAEP's label L (RFC 8017, section 7.1): what a wrapped key is for. */
export function oaepLabel({ group, epoch, recipientFingerprint }: WrapContext): Buffer {
  return Buffer.concat([Buffer.from("fastchat epoch key v1\0"), groupEpochBytes(group, epoch), recipientFingerprint]);
}

function oaep(context: WrapContext) {
  return { padding: crypto.RSA_PKCS1_OAEP_PADDING, oaepHash: "sha256", oaepLabel: oaepLabel(context) };
}

function groupEpochBytes(group: GroupId, epoch: Epoch): Uint8Array {
  const bytes = Buffer.alloc(12);
  writeUint53(bytes, 0, group);
  writeUint32(bytes, 8, epoch);
  return bytes;
}
