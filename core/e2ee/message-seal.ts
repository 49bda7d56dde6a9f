import { type KeyObject, sign, verify } from "node:crypto";
import { accepted, type Result, refused } from "../platform/result.ts";
import { readUint32, readUint53, readUint64, writeUint32, writeUint53, writeUint64 } from "../wire/bytes.ts";
import type { Envelope, SuiteFault, UnopenedEnvelope } from "./suite.ts";

/**
 * The inside of a sealed message: a header that repeats the envelope, the body, and the sender's Ed25519 signature over
 * both. Without the signature every member, since each holds the group's key, could write in another's name.
 */
export const insideHeaderBytes = 62;
const signatureBytes = 64;
const insideVersion = 1;
const signingContext = Buffer.from("fastchat message v1\0");

/** Bytes that header and signature add to the body. */
export const insideOverheadBytes = insideHeaderBytes + signatureBytes;

export function signMessage(envelope: Envelope, body: Uint8Array, signingKey: KeyObject): Uint8Array {
  const signed = Buffer.allocUnsafe(signingContext.length + insideHeaderBytes + body.length);
  signed.set(signingContext);
  writeHeader(signed.subarray(signingContext.length), envelope);
  signed.set(body, signingContext.length + insideHeaderBytes);
  return Buffer.concat([signed.subarray(signingContext.length), sign(null, signed, signingKey)]);
}

export function verifyMessage(
  inside: Uint8Array,
  envelope: UnopenedEnvelope,
  senderKey: KeyObject,
): Result<{ logHead: Uint8Array; body: Uint8Array }, SuiteFault> {
  if (inside.length < insideOverheadBytes || inside[0] !== insideVersion) return refused("malformed");
  if (inside[1] !== envelope.type) return refused("wrong_type");
  if (readUint32(inside, 2) !== envelope.epoch) return refused("wrong_epoch");
  if (readUint53(inside, 6) !== envelope.group) return refused("wrong_group");
  if (readUint53(inside, 14) !== envelope.sender) return refused("wrong_sender");
  if (readUint64(inside, 22) !== envelope.clientMessageId) return refused("wrong_message_id");
  const signedBytes = inside.length - signatureBytes;
  const signed = Buffer.concat([signingContext, inside.subarray(0, signedBytes)]);
  if (!verify(null, signed, senderKey, inside.subarray(signedBytes))) return refused("bad_signature");
  return accepted({
    logHead: inside.subarray(30, insideHeaderBytes),
    body: inside.subarray(insideHeaderBytes, signedBytes),
  });
}

function writeHeader(bytes: Uint8Array, envelope: Envelope): void {
  bytes[0] = insideVersion;
  bytes[1] = envelope.type;
  writeUint32(bytes, 2, envelope.epoch);
  writeUint53(bytes, 6, envelope.group);
  writeUint53(bytes, 14, envelope.sender);
  writeUint64(bytes, 22, envelope.clientMessageId);
  bytes.set(envelope.logHead, 30);
}
