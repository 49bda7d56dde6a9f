import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { z } from "zod";
import type { DeploymentSecret } from "../../core/cluster/deployment-secret.ts";
import { createIdentity, type IdentityKeyPairs } from "../../core/e2ee/identity.ts";
import { finishRegistration, startRegistration } from "../../core/e2ee/opaque-client.ts";
import { opaqueServer } from "../../core/e2ee/opaque-server.ts";
import { Failure, messageOf } from "../../core/platform/failure.ts";
import { accepted, type Parsed, refused } from "../../core/platform/result.ts";
import { complaintOf, shortened } from "../../core/platform/schema-complaint.ts";
import { copyUsers } from "../../core/store/copy-users.ts";
import type { NewUser } from "../../core/store/users.ts";
import type { Accounts } from "../../loadgen/users/accounts.ts";
import { makeKeyPairs, sharedKeyPair } from "../../loadgen/users/shared-key-pairs.ts";
import { assertFileWritable } from "../document/file-to-write.ts";

export interface SeedOptions {
  readonly databaseUrl: string;
  readonly secret: DeploymentSecret;
  readonly users: number;
  readonly namePrefix: string;
  readonly password: string;
  readonly keyPairs: number;
  /** When it is aborted, the seeding fails and leaves no user. */
  readonly signal?: AbortSignal;
}

/** What a load generator needs to log seeded users in, with the private keys that they share; kept in a file. */
export interface SeededAccounts {
  readonly accounts: Accounts;
  readonly users: number;
  readonly keyPairs: readonly IdentityKeyPairs[];
}

/**
 * Puts simulated users into a database without a sign-up of each. They share one credential and its OPAQUE record, so that real
 * logins work without a record computed for each user.
 */
export async function seedUsers(options: SeedOptions): Promise<SeededAccounts> {
  const { namePrefix, password, users } = options;
  const keyPairs = await makeKeyPairs(options.keyPairs);
  const record = await sharedRecord(options.secret, sharedCredential(namePrefix), password);
  try {
    await copyUsers(options.databaseUrl, seededUsers(options, keyPairs, record));
  } catch (cause) {
    if (cause instanceof Failure) throw cause;
    throw new Failure(
      "seed_failed",
      `users could not be seeded: ${messageOf(cause)}`,
      "if their names are taken, they have been seeded before: choose another --prefix",
      cause,
    );
  }
  return { accounts: { kind: "seeded", namePrefix, password }, users, keyPairs };
}

const sharedCredential = (namePrefix: string) => `seeded ${namePrefix}`;

function* seededUsers(
  { users, namePrefix, signal }: SeedOptions,
  keyPairs: readonly IdentityKeyPairs[],
  record: Uint8Array,
): Iterable<NewUser> {
  for (let i = 0; i < users; i++) {
    if (signal?.aborted)
      throw new Failure("interrupted", "the seeding was stopped", "no user was made: start it again");
    const name = `${namePrefix}${i}`;
    const identity = createIdentity(name, sharedKeyPair(keyPairs, i)).public.bytes;
    yield { name, credential: sharedCredential(namePrefix), record, identity };
  }
}

async function sharedRecord(secret: DeploymentSecret, credential: string, password: string): Promise<Uint8Array> {
  const server = await opaqueServer(secret.opaque);
  const started = await startRegistration(password);
  const response = await server.registrationResponse(credential, started.message);
  if (!response.ok) throw new Error("the OPAQUE registration of the seeded users failed");
  const finished = await finishRegistration(password, started.state, response.value, "simulated");
  if (!finished.ok) throw new Error(`the OPAQUE registration of the seeded users failed: ${finished.reason}`);
  return finished.value.message;
}

const fileFields = z.strictObject({
  namePrefix: z.string(),
  password: z.string(),
  users: z.number().int().positive(),
  keyPairs: z.array(z.strictObject({ wrapping: z.string(), signing: z.string(), byWrapping: z.base64() })).min(1),
});

export function writeSeededAccounts(file: string, { accounts, users, keyPairs }: SeededAccounts): void {
  const pem = (key: KeyObject) => key.export({ type: "pkcs8", format: "pem" }).toString();
  const fields: z.output<typeof fileFields> = {
    namePrefix: accounts.namePrefix,
    password: accounts.password,
    users,
    keyPairs: keyPairs.map((pair) => ({
      wrapping: pem(pair.private.wrapping),
      signing: pem(pair.private.signing),
      byWrapping: Buffer.from(pair.byWrapping).toString("base64"),
    })),
  };
  try {
    writeFileSync(file, `${JSON.stringify(fields, undefined, 2)}\n`, { mode: 0o600 });
  } catch (cause) {
    throw new Failure(
      seedNotWritten,
      `${file}: ${messageOf(cause)}`,
      "the users are made, and nobody can log them in: seed others, under another --prefix",
      cause,
    );
  }
}

/** Fails where {@link writeSeededAccounts} would, before any user is made. */
export const assertSeedWritable = (file: string) => assertFileWritable(file, seedNotWritten);

const seedNotWritten = "seed_file_not_written";

export function readSeededAccounts(file: string): SeededAccounts {
  const parsed = parseSeededAccounts(readText(file));
  if (parsed.ok) return parsed.value;
  throw unreadable(file, parsed.reason);
}

/** Parses the text that {@link writeSeededAccounts} writes. */
export function parseSeededAccounts(text: string): Parsed<SeededAccounts> {
  try {
    const fields = fileFields.safeParse(JSON.parse(text));
    if (!fields.success) return refused(complaintOf(fields.error));
    const { namePrefix, password, users, keyPairs } = fields.data;
    return accepted({
      accounts: { kind: "seeded", namePrefix, password },
      users,
      keyPairs: keyPairs.map(({ wrapping, signing, byWrapping }) => {
        const privateKeys = { wrapping: createPrivateKey(wrapping), signing: createPrivateKey(signing) };
        return {
          private: privateKeys,
          public: { wrapping: createPublicKey(wrapping), signing: createPublicKey(signing) },
          byWrapping: Buffer.from(byWrapping, "base64"),
        };
      }),
    });
  } catch (cause) {
    return refused(shortened(messageOf(cause)));
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw unreadable(file, messageOf(cause), cause);
  }
}

function unreadable(file: string, why: string, cause?: unknown): Failure {
  return new Failure("seed_file_unreadable", `${file}: ${why}`, "make it with fastchat db seed --out", cause);
}
