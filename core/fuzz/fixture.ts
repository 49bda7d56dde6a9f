import { readFileSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { type AccountSecret, decodeAccountSecret } from "../e2ee/account-secret.ts";
import { projectRoot } from "../platform/project-root.ts";

const fixtureFields = z.strictObject({
  accounts: z.strictObject({ alice: z.string(), bob: z.string() }),
  /** Alice's account secret, sealed under {@link fixedKey}. */
  sealedAccount: z.string(),
  /** {@link fixedKey} for group 7: for Alice at epochs 3 and 4, and for Bob at 3. */
  wrappedKeys: z.array(z.string()),
  /** Alice's identity. */
  pem: z.string(),
  /** Alice's, made under {@link fixedKey}, for a few days from {@link fixedNow}. */
  sessionToken: z.string(),
  /** One registration and one login of Alice's, step by step. */
  opaque: z.strictObject({
    secret: z.string(),
    password: z.string(),
    registrationState: z.string(),
    registrationRequest: z.string(),
    registrationResponse: z.string(),
    record: z.string(),
    loginState: z.string(),
    loginRequest: z.string(),
    loginResponse: z.string(),
    serverState: z.string(),
    loginFinish: z.string(),
  }),
});

/**
 * Keys and handshakes that never change, so that seeds replay, and inputs of a corpus, which are bound to them, stay
 * worth something. They protect nothing. All bytes are in base64.
 */
export type Fixture = z.infer<typeof fixtureFields>;

export const fixtureFile = path.join(projectRoot, "core/fuzz/fixture.json");
export const fixedKey: Uint8Array = Buffer.alloc(32, "a key that is no secret. ");
export const fixedNow = 1_700_000_000_000;
export const pemPassphrase = "passphrase";

export function fixture(): Fixture {
  return fixtureFields.parse(JSON.parse(readFileSync(fixtureFile, "utf8")));
}

export const bytesOf = (base64: string): Uint8Array => Buffer.from(base64, "base64");

/** Alice's or Bob's identity, with all its private keys. */
export function accountOf(name: keyof Fixture["accounts"]): AccountSecret {
  const secret = decodeAccountSecret(bytesOf(fixture().accounts[name]));
  if (!secret.ok) throw new Error(`fixture.json: ${secret.reason}`);
  return secret.value;
}
