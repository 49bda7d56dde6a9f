import { createCipheriv, createPrivateKey, type KeyObject, pbkdf2Sync, randomBytes } from "node:crypto";
import forge from "node-forge";
import { accepted, type Parsed, refused } from "../platform/result.ts";
import { joinIdentity } from "./account-secret.ts";
import type { Identity } from "./identity.ts";

/**
 * An identity as text that other tools read: both private keys as `ENCRYPTED PRIVATE KEY` (PKCS #8, RFC 5958, under
 * PBES2 of RFC 8018: PBKDF2 with HMAC-SHA256 and AES-256-CBC), and its public bytes, whose hash is the fingerprint.
 *
 * The structure is made here with node-forge, since Node's own export stretches the passphrase 2,048 times only. Tests pass
 * a smaller `stretched`: their passphrases protect nothing.
 */
export function identityToPem(identity: Identity, passphrase: string, stretched = iterations): string {
  return [
    encryptedPem(identity.wrappingKey, passphrase, stretched),
    encryptedPem(identity.signingKey, passphrase, stretched),
    pem(publicLabel, identity.public.bytes),
  ].join("");
}

/**
 * The identity in this text; refused with what is wrong with passphrase or text. Keys that other tools have encrypted are
 * read, too, unless their passphrase is stretched more than `stretchedMax` times.
 */
export function identityFromPem(text: string, passphrase: string, stretchedMax = iterationsMax): Parsed<Identity> {
  if (text.length > textLengthMax)
    return refused(`an identity has at most ${textLengthMax} characters, this text ${text.length}`);
  const blocks = readBlocks(text);
  const publicBlocks = blocks.filter(({ label }) => label === publicLabel);
  const keyBlocks = blocks.filter(({ label }) => label === encryptedLabel);
  const [publicBlock] = publicBlocks;
  if (!publicBlock || publicBlocks.length !== 1 || keyBlocks.length !== 2) {
    return refused(`two blocks "${encryptedLabel}" and one "${publicLabel}" are needed`);
  }
  const keys: KeyObject[] = [];
  for (const { body } of keyBlocks) {
    const count = iterationsOf(body);
    if (count === undefined) return refused("a private key is not encrypted with PBES2 and PBKDF2");
    if (count > stretchedMax)
      return refused(`a passphrase stretched ${count} times would take too long; at most ${stretchedMax}`);
    try {
      keys.push(createPrivateKey({ key: body, format: "der", type: "pkcs8", passphrase: Buffer.from(passphrase) }));
    } catch {
      return refused("the passphrase is wrong, or the text was changed");
    }
  }
  const wrapping = keys.find((key) => key.asymmetricKeyType === "rsa");
  const signing = keys.find((key) => key.asymmetricKeyType === "ed25519");
  if (!wrapping || !signing) return refused("an RSA and an Ed25519 key are needed");
  const identity = joinIdentity(publicBlock.body, { wrapping, signing });
  return identity.ok ? accepted(identity.value) : identity;
}

/** OWASP's figure of 2023 for PBKDF2 with HMAC-SHA256. */
const iterations = 600_000;
const iterationsMax = 10_000_000;
const textLengthMax = 32 * 1024;
const encryptedLabel = "ENCRYPTED PRIVATE KEY";
const publicLabel = "FASTCHAT IDENTITY";

const oids = {
  pbes2: "1.2.840.113549.1.5.13",
  pbkdf2: "1.2.840.113549.1.5.12",
  hmacSha256: "1.2.840.113549.2.9",
  aes256Cbc: "2.16.840.1.101.3.4.1.42",
} as const;

function encryptedPem(key: KeyObject, passphrase: string, stretched: number): string {
  const salt = randomBytes(16);
  const vector = randomBytes(16);
  const derived = pbkdf2Sync(Buffer.from(passphrase), salt, stretched, 32, "sha256");
  const cipher = createCipheriv("aes-256-cbc", derived, vector);
  const sealed = Buffer.concat([cipher.update(key.export({ type: "pkcs8", format: "der" })), cipher.final()]);
  const prf = sequence(oid(oids.hmacSha256), nothing());
  const derivation = sequence(oid(oids.pbkdf2), sequence(octets(salt), integer(stretched), prf));
  const encryption = sequence(oid(oids.aes256Cbc), octets(vector));
  const info = sequence(sequence(oid(oids.pbes2), sequence(derivation, encryption)), octets(sealed));
  return pem(encryptedLabel, Buffer.from(forge.asn1.toDer(info).getBytes(), "latin1"));
}

/** How often the key's passphrase is stretched, from its PBES2 parameters; undefined when the key has no such parameters. */
function iterationsOf(der: Uint8Array): number | undefined {
  try {
    const info = forge.asn1.fromDer(forge.util.createBuffer(Buffer.from(der).toString("latin1")));
    const isOid = (oid: string, ...path: number[]) => forge.asn1.derToOid(derAt(info, path)) === oid;
    if (!isOid(oids.pbes2, 0, 0) || !isOid(oids.pbkdf2, 0, 1, 0, 0)) return undefined;
    return forge.asn1.derToInteger(derAt(info, [0, 1, 0, 1, 1]));
  } catch {
    return undefined;
  }
}

/** The bytes of the primitive value at the end of these indexes; throws where the structure is another. */
function derAt(node: forge.asn1.Asn1, path: readonly number[]): string {
  const { value } = path.reduce((outer, index) => {
    const inner = typeof outer.value === "string" ? undefined : outer.value[index];
    if (!inner) throw new Error(`no value at ${path.join(".")}`);
    return inner;
  }, node);
  if (typeof value !== "string") throw new Error(`no primitive value at ${path.join(".")}`);
  return value;
}

const { Class, Type } = forge.asn1;
const node = (type: forge.asn1.Type, constructed: boolean, value: string | forge.asn1.Asn1[]) =>
  forge.asn1.create(Class.UNIVERSAL, type, constructed, value);
const sequence = (...parts: forge.asn1.Asn1[]) => node(Type.SEQUENCE, true, parts);
const oid = (value: string) => node(Type.OID, false, forge.asn1.oidToDer(value).getBytes());
const octets = (bytes: Uint8Array) => node(Type.OCTETSTRING, false, Buffer.from(bytes).toString("latin1"));
const integer = (value: number) => node(Type.INTEGER, false, forge.asn1.integerToDer(value).getBytes());
const nothing = () => node(Type.NULL, false, "");

interface PemBlock {
  readonly label: string;
  readonly body: Buffer;
}

/** A block of PEM (RFC 7468) in its strict form. */
function pem(label: string, body: Uint8Array): string {
  const lines = Buffer.from(body)
    .toString("base64")
    .replaceAll(/.{64}(?=.)/g, "$&\n");
  return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`;
}

function readBlocks(text: string): PemBlock[] {
  const blocks = text.matchAll(/-----BEGIN ([A-Z ]{1,64})-----\r?\n([A-Za-z0-9+/=\r\n]*)-----END \1-----/g);
  return Array.from(blocks, ([, label = "", body = ""]) => ({ label, body: Buffer.from(body, "base64") }));
}
