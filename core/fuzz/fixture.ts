import { readFileSync } from "node:fs";
import path from "node:path";
import { type AccountSecret, decodeAccountSecret } from "../e2ee/account-secret.ts";
import { projectRoot } from "../platform/project-root.ts";

/**
 * Keys and handshakes that are always the same, so that a seed replays and a corpus keeps its worth although it is bound
 * to them. They protect nothing. All bytes in base64.
 */
export interface Fixture {
  readonly accounts: { readonly alice: string; readonly bob: string };
  /** Alice's account secret, sealed under {@link fixedKey}. */
  readonly sealedAccount: string;
  /** {@link fixedKey} for group 7: for Alice at epochs 3 and 4, and for Bob at 3. */
  readonly wrappedKeys: readonly string[];
  /** Alice's identity. */
  readonly pem: string;
  /** Alice's, made under {@link fixedKey}, for a few days from {@link fixedNow}. */
  readonly sessionToken: string;
  /** One registration and one login of Alice's, step by step. */
  readonly opaque: {
    readonly secret: string;
    readonly password: string;
    readonly registrationState: string;
    readonly registrationRequest: string;
    readonly registrationResponse: string;
    readonly record: string;
    readonly loginState: string;
    readonly loginRequest: string;
    readonly loginResponse: string;
    readonly serverState: string;
    readonly loginFinish: string;
  };
}

export const fixtureFile = path.join(projectRoot, "core/fuzz/fixture.json");
export const fixedKey: Uint8Array = Buffer.alloc(32, "a key that is no secret. ");
export const fixedNow = 1_700_000_000_000;
export const pemPassphrase = "passphrase";

export function fixture(): Fixture {
  return JSON.parse(readFileSync(fixtureFile, "utf8")) as Fixture;
}

export const bytesOf = (base64: string): Uint8Array => Buffer.from(base64, "base64");

/** Somebody with an identity and all its private keys. */
export function accountOf(name: keyof Fixture["accounts"]): AccountSecret {
  const secret = decodeAccountSecret(bytesOf(fixture().accounts[name]));
  if (!secret.ok) throw new Error(`fixture.json: ${secret.reason}`);
  return secret.value;
}
