import assert from "node:assert/strict";
import { sign, verify } from "node:crypto";
import { expensiveMaps } from "../fuzz/cbor-form.ts";
import { accountOf, bytesOf, fixedKey, fixture, pemPassphrase } from "../fuzz/fixture.ts";
import type { FuzzTarget } from "../fuzz/target.ts";
import { accepted, type Parsed } from "../platform/result.ts";
import { present } from "../testing/present.ts";
import { equalBytes } from "../wire/bytes.ts";
import { epoch, groupId } from "../wire/ids.ts";
import { limits } from "../wire/limits.ts";
import { decodeAccountSecret, openAccountSecret } from "./account-secret.ts";
import type { Identity } from "./identity.ts";
import { identityFromPem } from "./identity-pem.ts";
import { unwrapKey } from "./key-wrap.ts";

const [alice, bob] = [accountOf("alice").identity, accountOf("bob").identity] as const;
const { accounts, sealedAccount, wrappedKeys, pem } = fixture();
const wrapped = { group: groupId(7), epoch: epoch(3) };
const signed = Buffer.from("whatever is signed");

/** Asserts that an identity that is taken is Alice's or Bob's, and that its private keys sign and unwrap. */
function checkIdentity({ public: { fingerprint, signing }, signingKey, wrappingKey }: Identity): void {
  const isAlice = equalBytes(fingerprint, alice.public.fingerprint);
  assert.ok(isAlice || equalBytes(fingerprint, bob.public.fingerprint), "an identity that nobody has");
  assert.ok(verify(null, signed, signing, sign(null, signed, signingKey)), "a signing key that does not sign");
  const key = unwrapKey({
    ...wrapped,
    recipientFingerprint: fingerprint,
    privateKey: wrappingKey,
    wrapped: bytesOf(present(wrappedKeys[isAlice ? 0 : 2])),
  });
  assert.ok(key.ok && equalBytes(key.value, fixedKey), "a wrapping key that does not unwrap");
}

function checked(parsed: Parsed<Identity>): Parsed<unknown> {
  if (parsed.ok) checkIdentity(parsed.value);
  return parsed.ok ? accepted(parsed.value.public.name) : parsed;
}

export const targets: readonly FuzzTarget[] = [
  {
    name: "sealed-accounts",
    bytesMax: limits.backupBytesMax,
    seeds: () => [bytesOf(sealedAccount)],
    run(bytes) {
      const opened = openAccountSecret(bytes, fixedKey, "alice");
      return checked(opened.ok ? accepted(opened.value.identity) : opened);
    },
  },
  {
    name: "account-secrets",
    bytesMax: limits.backupBytesMax,
    cborFrom: 0,
    seeds: () => [bytesOf(accounts.alice), bytesOf(accounts.bob)],
    run(bytes) {
      const decoded = decodeAccountSecret(bytes);
      return checked(decoded.ok ? accepted(decoded.value.identity) : decoded);
    },
    growth: expensiveMaps("wrapping"),
  },
  {
    name: "identity-pem",
    bytesMax: 32 * 1024,
    words: [
      "-----BEGIN ENCRYPTED PRIVATE KEY-----\n",
      "\n-----END ENCRYPTED PRIVATE KEY-----\n",
      "-----BEGIN FASTCHAT IDENTITY-----\n",
      "\r\n",
      "-----",
      "=",
      "A",
      "MIIA",
    ],
    seeds: () => [Buffer.from(pem)],
    // The genuine keys are stretched less than 5,000 times; a higher bound would make a run endless.
    run: (bytes) => checked(identityFromPem(Buffer.from(bytes).toString("latin1"), pemPassphrase, 5000)),
    growth: {
      "many beginnings": (bytes) => Buffer.alloc(bytes, "-----BEGIN A-----\n"),
      "a long label": (bytes) => Buffer.alloc(bytes, "-----BEGIN AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
      "a long body without an end": (bytes) =>
        Buffer.concat([Buffer.from("-----BEGIN A-----\n"), Buffer.alloc(bytes, "A")]),
      "many small blocks": (bytes) => Buffer.alloc(bytes, "-----BEGIN A-----\nAA==\n-----END A-----\n"),
      "deep sequences": (bytes) => keysOf(nestedDer(bytes, 0x30)),
      "deep bit strings": (bytes) => keysOf(nestedDer(bytes, 0x03)),
    },
  },
];

/** Two private keys in this form of DER, and a public half. */
function keysOf(der: Uint8Array): Uint8Array {
  const block = (label: string, body: Uint8Array) =>
    `-----BEGIN ${label}-----\n${Buffer.from(body).toString("base64")}\n-----END ${label}-----\n`;
  const key = block("ENCRYPTED PRIVATE KEY", der);
  return Buffer.from(key + key + block("FASTCHAT IDENTITY", alice.public.bytes));
}

/** Types of ASN.1 within each other, in about a third of the bytes: base64 and the second key take the rest. */
function nestedDer(bytes: number, type: number): Uint8Array {
  const pieces: Buffer[] = [];
  let length = 0;
  while (length < bytes / 3) {
    const inside = type === 0x03 ? length + 1 : length;
    const head =
      inside < 128
        ? Buffer.from([type, inside])
        : Buffer.from([type, 0x83, inside >> 16, (inside >> 8) & 0xff, inside & 0xff]);
    // A bit string begins with how many of its bits are unused.
    pieces.push(type === 0x03 ? Buffer.concat([head, Buffer.from([0])]) : head);
    length = inside + head.length;
  }
  return Buffer.concat(pieces.reverse());
}
