import { createCipheriv, createDecipheriv, randomBytes, type ScryptOptions, scrypt } from "node:crypto";
import { promisify } from "node:util";
import { z } from "zod";
import { canonicalPassword, type Stretching } from "../../e2ee/opaque-client.ts";
import { base64Field } from "./base64-field.ts";

const stretch = promisify<string, Uint8Array, number, ScryptOptions, Buffer>(scrypt);

/**
 * A key that a password unlocks without a server: AES-256-GCM seals it under a key that scrypt (RFC 7914) makes from the
 * password.
 *
 * Somebody who has this file can try passwords on it. Each costs a quarter of a second and 128 MiB when it was locked with
 * the effort `interactive`.
 */
export const keyLockSchema = z.strictObject({
  salt: base64Field(16),
  /** scrypt's cost, block size and parallelisation. */
  cost: z
    .number()
    .int()
    .min(1024)
    .max(2 ** 20),
  blockSize: z.number().int().min(1).max(32),
  parallelization: z.number().int().min(1).max(16),
  nonce: base64Field(12),
  sealed: base64Field(48),
});

export type KeyLock = z.output<typeof keyLockSchema>;

/** `interactive` is OWASP's figures of 2023 for scrypt; `simulated` is for passwords that protect nothing. */
const stretching = {
  interactive: { cost: 2 ** 17, blockSize: 8, parallelization: 1 },
  simulated: { cost: 1024, blockSize: 8, parallelization: 1 },
} as const;
const keyBytes = 32;
const tagBytes = 16;
const context = Buffer.from("fastchat key lock v1");

/** Locks a key of 32 bytes. The lock has scrypt's costs in it, so unlocking needs the password only. */
export async function lockKey(key: Uint8Array, password: string, effort: Stretching): Promise<KeyLock> {
  const costs = stretching[effort];
  const salt = randomBytes(16);
  const nonce = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", await stretched(password, { salt, ...costs }), nonce).setAAD(context);
  return { salt, ...costs, nonce, sealed: Buffer.concat([cipher.update(key), cipher.final(), cipher.getAuthTag()]) };
}

/** The locked key; undefined for another password, or when the lock was changed. */
export async function unlockKey(lock: KeyLock, password: string): Promise<Uint8Array | undefined> {
  const { nonce, sealed } = lock;
  const decipher = createDecipheriv("aes-256-gcm", await stretched(password, lock), nonce).setAAD(context);
  decipher.setAuthTag(sealed.subarray(keyBytes, keyBytes + tagBytes));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(0, keyBytes)), decipher.final()]);
  } catch {
    return undefined;
  }
}

function stretched(password: string, lock: Omit<KeyLock, "nonce" | "sealed">): Promise<Buffer> {
  const { salt, cost, blockSize, parallelization } = lock;
  const maxmem = 256 * cost * blockSize;
  return stretch(canonicalPassword(password), salt, keyBytes, { cost, blockSize, parallelization, maxmem });
}
