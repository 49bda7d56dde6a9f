import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { generateIdentityKeys, type IdentityKeyPairs } from "../e2ee/identity.ts";

/**
 * Making a key pair takes a second of a core, so the people of a test run share these, and a run makes them once. Tests that
 * need somebody else's keys take another number.
 */
export const keyPairsMax = 6;

/** The environment variable that names the file with the run's key pairs; set by whoever runs the tests. */
export const keyPairsVariable = "TEST_KEY_PAIRS";

interface WrittenKeyPair {
  readonly wrapping: string;
  readonly signing: string;
  readonly byWrapping: string;
}

let written: readonly WrittenKeyPair[] | undefined;
const own: Promise<IdentityKeyPairs>[] = [];

/** The run's key pair of this number, or this file's own when a file is run by itself. */
export async function keyPair(number: number): Promise<IdentityKeyPairs> {
  const file = process.env[keyPairsVariable];
  if (file === undefined) {
    own[number] ??= generateIdentityKeys();
    return own[number];
  }
  written ??= JSON.parse(readFileSync(file, "utf8")) as WrittenKeyPair[];
  const pair = written[number];
  if (!pair) throw new Error(`there are ${written.length} key pairs; none has the number ${number}`);
  const keys = { wrapping: createPrivateKey(pair.wrapping), signing: createPrivateKey(pair.signing) };
  return {
    private: keys,
    public: { wrapping: createPublicKey(pair.wrapping), signing: createPublicKey(pair.signing) },
    byWrapping: Buffer.from(pair.byWrapping, "base64"),
  };
}

/** Makes the key pairs of a run, for {@link keyPair} in other processes. */
export async function writeKeyPairs(file: string): Promise<void> {
  const pairs = await Promise.all(Array.from({ length: keyPairsMax }, () => generateIdentityKeys()));
  const texts = pairs.map(
    ({ private: { wrapping, signing }, byWrapping }): WrittenKeyPair => ({
      wrapping: pem(wrapping),
      signing: pem(signing),
      byWrapping: Buffer.from(byWrapping).toString("base64"),
    }),
  );
  writeFileSync(file, JSON.stringify(texts), { mode: 0o600 });
}

const pem = (key: KeyObject) => key.export({ type: "pkcs8", format: "pem" }).toString();
