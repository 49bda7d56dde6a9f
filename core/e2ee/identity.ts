import { generateKeyPair, type KeyObject, sign } from "node:crypto";
import { inspect, promisify } from "node:util";
import { encode } from "cborg";
import {
  fingerprintOf,
  identityPadding,
  identityStatement,
  keyPairStatement,
  type PublicIdentity,
  rsaBits,
} from "./public-identity.ts";

const generate = promisify(generateKeyPair);

/**
 * A user's own keys. Printing an identity shows its name and fingerprint, never a key; code gets the private keys by name
 * only.
 */
export class Identity {
  readonly public: PublicIdentity;
  readonly #wrapping: KeyObject;
  readonly #signing: KeyObject;

  constructor(publicPart: PublicIdentity, keys: IdentityKeys) {
    this.public = publicPart;
    this.#wrapping = keys.wrapping;
    this.#signing = keys.signing;
  }

  /** The RSA private key, to unwrap epoch keys. */
  get wrappingKey(): KeyObject {
    return this.#wrapping;
  }

  /** The Ed25519 private key, to sign messages and membership entries. */
  get signingKey(): KeyObject {
    return this.#signing;
  }

  [inspect.custom](): string {
    return `Identity(${this.public.name}, ${Buffer.from(this.public.fingerprint).toString("hex").slice(0, 16)}…)`;
  }
}

/** The private halves, as key objects that pass between threads. */
export interface IdentityKeys {
  readonly wrapping: KeyObject;
  readonly signing: KeyObject;
}

/** Two key pairs that belong together; {@link createIdentity} binds them to a user's name. */
export interface IdentityKeyPairs {
  readonly private: IdentityKeys;
  readonly public: IdentityKeys;
  /** The wrapping key's signature over both public keys. */
  readonly byWrapping: Uint8Array;
}

/** Generates new keys. That takes a second of a core, so programs with a screen have the pool do it. */
export async function generateIdentityKeys(): Promise<IdentityKeyPairs> {
  const [wrapping, signing] = await Promise.all([
    generate("rsa", { modulusLength: rsaBits, publicExponent: 65537 }),
    generate("ed25519"),
  ]);
  const publicKeys = { wrapping: wrapping.publicKey, signing: signing.publicKey };
  return {
    private: { wrapping: wrapping.privateKey, signing: signing.privateKey },
    public: publicKeys,
    byWrapping: sign("sha256", keyPairStatement(exported(publicKeys)), {
      key: wrapping.privateKey,
      ...identityPadding,
    }),
  };
}

/** Binds key pairs to a canonical user name. */
export function createIdentity(name: string, keys: IdentityKeyPairs): Identity {
  const unsigned = { name, ...exported(keys.public) };
  const bytes = encode({
    ...unsigned,
    byWrapping: keys.byWrapping,
    bySigning: sign(null, identityStatement(unsigned), keys.private.signing),
  });
  return new Identity({ name, ...keys.public, fingerprint: fingerprintOf(bytes), bytes }, keys.private);
}

function exported(keys: IdentityKeys): { wrapping: Uint8Array; signing: Uint8Array } {
  const { x } = keys.signing.export({ format: "jwk" });
  if (x === undefined) throw new Error("the signing key has no public key in it");
  return { wrapping: keys.wrapping.export({ type: "spki", format: "der" }), signing: Buffer.from(x, "base64url") };
}
