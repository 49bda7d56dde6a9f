import {
  createCipheriv,
  createDecipheriv,
  createPrivateKey,
  createPublicKey,
  hkdfSync,
  type KeyObject,
  randomBytes,
  sign,
  verify,
} from "node:crypto";
import { inspect } from "node:util";
import { encode } from "cborg";
import { z } from "zod";
import { messageOf } from "../platform/failure.ts";
import { accepted, type Parsed, type Result, refused } from "../platform/result.ts";
import { parseCbor } from "../wire/cbor.ts";
import { anyBytesField } from "../wire/fields.ts";
import { Identity } from "./identity.ts";
import { openPublicIdentity } from "./public-identity.ts";

/**
 * The secrets that a user has at all of their machines: the identity, and the root of their vaults' keys. The server keeps a
 * backup of them, sealed under OPAQUE's export key. Only somebody who knows the password can compute that key, so a login
 * at a new machine brings the secrets back.
 */
export class AccountSecret {
  readonly identity: Identity;
  readonly #vaultRoot: Uint8Array;

  constructor(identity: Identity, vaultRoot: Uint8Array) {
    this.identity = identity;
    this.#vaultRoot = vaultRoot;
  }

  /** The key of a machine's vault; `salt` is the machine's own. */
  vaultKey(salt: Uint8Array): Uint8Array {
    return new Uint8Array(hkdfSync("sha256", this.#vaultRoot, salt, "fastchat vault v1", 32));
  }

  get vaultRoot(): Uint8Array {
    return this.#vaultRoot;
  }

  [inspect.custom](): string {
    return `AccountSecret(${inspect(this.identity)})`;
  }
}

export function createAccountSecret(identity: Identity): AccountSecret {
  return new AccountSecret(identity, randomBytes(rootBytes));
}

/** The account secret as bytes: public identity, two private keys and the vault root, in clear. */
export function encodeAccountSecret({ identity, vaultRoot }: AccountSecret): Uint8Array {
  return encode({
    identity: identity.public.bytes,
    wrapping: pkcs8(identity.wrappingKey),
    signing: pkcs8(identity.signingKey),
    vaultRoot,
  } satisfies z.input<typeof fields>);
}

export function decodeAccountSecret(bytes: Uint8Array): Parsed<AccountSecret> {
  const secret = parseCbor(bytes, fields);
  if (!secret.ok) return secret;
  const identity = joinIdentity(secret.value.identity, secret.value);
  return identity.ok ? accepted(new AccountSecret(identity.value, secret.value.vaultRoot)) : identity;
}

/** An identity from its public bytes and private keys in PKCS #8; refused when the private keys are another identity's. */
export function joinIdentity(
  publicBytes: Uint8Array,
  keys: { readonly wrapping: Uint8Array | KeyObject; readonly signing: Uint8Array | KeyObject },
): Result<Identity> {
  const publicIdentity = openPublicIdentity(publicBytes);
  if (!publicIdentity.ok) return publicIdentity;
  try {
    const wrapping = privateKey(keys.wrapping);
    const signing = privateKey(keys.signing);
    const belong =
      createPublicKey(wrapping).equals(publicIdentity.value.wrapping) &&
      createPublicKey(signing).equals(publicIdentity.value.signing);
    return belong && works(wrapping, publicIdentity.value.wrapping)
      ? accepted(new Identity(publicIdentity.value, { wrapping, signing }))
      : refused("the private keys are not this identity's");
  } catch (cause) {
    return refused(`the private keys cannot be read: ${messageOf(cause)}`);
  }
}

/** Seals the secret for the server to keep: AES-256-GCM under a key derived from the export key, bound to the user's name. */
export function sealAccountSecret(secret: AccountSecret, exportKey: Uint8Array): Uint8Array {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv("aes-256-gcm", backupKey(exportKey), nonce);
  cipher.setAAD(boundTo(secret.identity.public.name));
  const sealed = Buffer.concat([cipher.update(encodeAccountSecret(secret)), cipher.final()]);
  return Buffer.concat([Buffer.from([version]), nonce, sealed, cipher.getAuthTag()]);
}

/** Refused when it is another account's, was sealed under another password, or was changed. */
export function openAccountSecret(sealed: Uint8Array, exportKey: Uint8Array, name: string): Parsed<AccountSecret> {
  if (sealed.length < 1 + nonceBytes + tagBytes || sealed[0] !== version)
    return refused("the identity backup is malformed");
  const decipher = createDecipheriv("aes-256-gcm", backupKey(exportKey), sealed.subarray(1, 1 + nonceBytes));
  decipher.setAAD(boundTo(name));
  decipher.setAuthTag(sealed.subarray(sealed.length - tagBytes));
  let opened: Uint8Array;
  try {
    opened = Buffer.concat([
      decipher.update(sealed.subarray(1 + nonceBytes, sealed.length - tagBytes)),
      decipher.final(),
    ]);
  } catch {
    return refused("the identity backup does not open with this password");
  }
  const secret = decodeAccountSecret(opened);
  if (!secret.ok) return refused(`the identity backup: ${secret.reason}`);
  return secret.value.identity.public.name === name ? secret : refused("the identity backup is another user's");
}

const version = 1;
const nonceBytes = 12;
const tagBytes = 16;
const rootBytes = 32;

const fields = z.strictObject({
  identity: anyBytesField,
  wrapping: anyBytesField,
  signing: anyBytesField,
  vaultRoot: anyBytesField.refine((bytes) => bytes.length === rootBytes, `${rootBytes} bytes are needed`),
});

const pkcs8 = (key: KeyObject): Uint8Array => key.export({ type: "pkcs8", format: "der" });
const boundTo = (name: string) => Buffer.from(`fastchat account secret v1\0${name}`);

/** An RSA private key names its public key; only a signature shows that the other numbers in it belong to that key. */
function works(wrapping: KeyObject, publicKey: KeyObject): boolean {
  const probe = randomBytes(16);
  return verify("sha256", probe, publicKey, sign("sha256", probe, wrapping));
}

function privateKey(key: Uint8Array | KeyObject): KeyObject {
  return key instanceof Uint8Array ? createPrivateKey({ key: Buffer.from(key), format: "der", type: "pkcs8" }) : key;
}

function backupKey(exportKey: Uint8Array): Uint8Array {
  return new Uint8Array(hkdfSync("sha256", exportKey, "", "fastchat account secret v1", 32));
}
