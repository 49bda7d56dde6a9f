import { createCipheriv, createDecipheriv, createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { accepted, type Parsed, type Result, refused } from "../platform/result.ts";
import { readUint53, writeUint53 } from "../wire/bytes.ts";

/**
 * Fernet tokens (github.com/fernet/spec): AES-128-CBC and HMAC-SHA256 under one 32-byte key, with the time inside.
 *
 * A token is kept and sent as its bytes; {@link fernetText} gives the base64url text that other implementations exchange.
 */
export const fernetKeyBytes = 32;

const version = 0x80;
const headBytes = 25; // version, time, initialisation vector
const macBytes = 32;
const blockBytes = 16;

export type FernetFault = "malformed" | "wrong_key" | "padding" | "expired" | "from_the_future";

export interface FernetOptions {
  /** Seconds since the Unix epoch. */
  readonly nowSeconds: number;
  /** For test vectors only: two tokens with the same vector show whether their messages begin alike. */
  readonly dangerousFixedVector?: Uint8Array;
}

export function fernetSeal(key: Uint8Array, message: Uint8Array, options: FernetOptions): Uint8Array {
  checkKey(key);
  const vector = options.dangerousFixedVector ?? randomBytes(blockBytes);
  const cipher = createCipheriv("aes-128-cbc", key.subarray(16), vector);
  const body = cipher.update(message);
  const tail = cipher.final();
  const token = Buffer.allocUnsafe(headBytes + body.length + tail.length + macBytes);
  token[0] = version;
  writeUint53(token, 1, options.nowSeconds);
  token.set(vector, 9);
  token.set(body, headBytes);
  token.set(tail, headBytes + body.length);
  const signedBytes = token.length - macBytes;
  token.set(createHmac("sha256", key.subarray(0, 16)).update(token.subarray(0, signedBytes)).digest(), signedBytes);
  return token;
}

/**
 * The message of a token that was sealed under this key.
 *
 * With `ttlSeconds`, a token older than that is refused, and one more than a minute ahead of `nowSeconds`, as the
 * specification says. The MAC is checked before anything is decrypted.
 */
export function fernetOpen(
  key: Uint8Array,
  token: Uint8Array,
  freshness?: { readonly nowSeconds: number; readonly ttlSeconds: number },
): Result<Uint8Array, FernetFault> {
  checkKey(key);
  const sealedBytes = token.length - headBytes - macBytes;
  if (sealedBytes < blockBytes || sealedBytes % blockBytes !== 0 || token[0] !== version) return refused("malformed");
  const signedBytes = token.length - macBytes;
  const mac = createHmac("sha256", key.subarray(0, 16)).update(token.subarray(0, signedBytes)).digest();
  if (!timingSafeEqual(mac, token.subarray(signedBytes))) return refused("wrong_key");
  if (freshness) {
    const age = freshness.nowSeconds - readUint53(token, 1);
    if (!(age <= freshness.ttlSeconds)) return refused("expired");
    if (age < -clockSkewSecondsMax) return refused("from_the_future");
  }
  const decipher = createDecipheriv("aes-128-cbc", key.subarray(16), token.subarray(9, headBytes));
  try {
    const message = decipher.update(token.subarray(headBytes, signedBytes));
    const tail = decipher.final();
    return accepted(tail.length === 0 ? message : Buffer.concat([message, tail]));
  } catch {
    return refused("padding");
  }
}

const clockSkewSecondsMax = 60;

/** Bytes of the token for a message of this length. */
export function fernetTokenBytes(messageBytes: number): number {
  return headBytes + (Math.floor(messageBytes / blockBytes) + 1) * blockBytes + macBytes;
}

/** The token as text: base64url with padding. */
export function fernetText(token: Uint8Array): string {
  const text = Buffer.from(token).toString("base64url");
  return text.padEnd(Math.ceil(text.length / 4) * 4, "=");
}

export function fernetFromText(text: string): Parsed<Uint8Array, FernetFault> {
  if (!/^[A-Za-z0-9_-]*={0,2}$/.test(text) || text.length % 4 !== 0) return refused("malformed");
  return accepted(Buffer.from(text, "base64url"));
}

function checkKey(key: Uint8Array): void {
  if (key.length !== fernetKeyBytes)
    throw new RangeError(`a Fernet key has ${fernetKeyBytes} bytes, this one ${key.length}`);
}
