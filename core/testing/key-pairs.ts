import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { generateIdentityKeys, type IdentityKeyPairs } from "../e2ee/identity.ts";

/**
 * How many key pairs there are. Making one takes a second of a core, so a test run makes these once, and its people share
 * them. A test that needs the keys of another person takes another number.
 */
export const keyPairsMax = 6;

/** The environment variable with the path of the file of the run's key pairs; the test runner sets it. */
export const keyPairsVariable = "TEST_KEY_PAIRS";

/** Private keys as PEM, the cross-signature in base64. */
const writtenKeyPair = z.strictObject({ wrapping: z.string(), signing: z.string(), byWrapping: z.string() });
type WrittenKeyPair = z.infer<typeof writtenKeyPair>;

let written: readonly WrittenKeyPair[] | undefined;
const own: Promise<IdentityKeyPairs>[] = [];

/** The run's key pair of this number, or this file's own when a file is run by itself. */
export async function keyPair(number: number): Promise<IdentityKeyPairs> {
  const file = process.env[keyPairsVariable];
  if (file === undefined) {
    own[number] ??= generateIdentityKeys();
    return own[number];
  }
  written ??= z.array(writtenKeyPair).parse(JSON.parse(readFileSync(file, "utf8")));
  const pair = written[number];
  if (!pair) throw new Error(`there are ${written.length} key pairs; none has the number ${number}`);
  const keys = { wrapping: createPrivateKey(pair.wrapping), signing: createPrivateKey(pair.signing) };
  return {
    private: keys,
    public: { wrapping: createPublicKey(pair.wrapping), signing: createPublicKey(pair.signing) },
    byWrapping: Buffer.from(pair.byWrapping, "base64"),
  };
}

/**
 * The file of a run's key pairs: the one that the environment names, which whoever runs tests many times in a row has made, or a new one in
 * this directory.
 */
export async function keyPairsFile(directory: string): Promise<string> {
  const given = process.env[keyPairsVariable];
  if (given) return given;
  const file = path.join(directory, "key-pairs.json");
  await writeKeyPairs(file);
  return file;
}

/** Makes the key pairs of a run, for {@link keyPair} in other processes. */
async function writeKeyPairs(file: string): Promise<void> {
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
