import { createHash, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { createOpaqueSecret, isOpaqueSecret } from "../e2ee/opaque-server.ts";
import { Failure, messageOf } from "../platform/failure.ts";
import type { Database } from "../store/database.ts";

/**
 * What a deployment's servers share and its database must not hold: with a stolen database alone nobody can try passwords or
 * make session tokens.
 */
export interface DeploymentSecret {
  /** OPAQUE server setup: the OPRF seed and the server's key pair. */
  readonly opaque: string;
  /** Session tokens are made under it. */
  readonly token: Uint8Array;
}

const tokenSecretBytes = 32;
const fileFields = z.strictObject({ opaque: z.string(), token: z.base64() });

export async function createSecret(): Promise<DeploymentSecret> {
  return { opaque: await createOpaqueSecret(), token: randomBytes(tokenSecretBytes) };
}

/** The secret in this file. A missing file is made with a new secret, readable by its owner alone. */
export async function loadOrCreateSecret(file: string): Promise<DeploymentSecret> {
  try {
    if (!existsSync(file)) {
      mkdirSync(path.dirname(file), { recursive: true });
      const { opaque, token } = await createSecret();
      const text = JSON.stringify({ opaque, token: Buffer.from(token).toString("base64") }, undefined, 2);
      // "wx": a file that another start has made meanwhile is not overwritten.
      writeFileSync(file, `${text}\n`, { mode: 0o600, flag: "wx" });
    }
    const { opaque, token: tokenText } = fileFields.parse(JSON.parse(readFileSync(file, "utf8")));
    const token = Buffer.from(tokenText, "base64");
    if (token.length !== tokenSecretBytes)
      throw new Error(`"token" has ${token.length} bytes, not ${tokenSecretBytes}`);
    if (!(await isOpaqueSecret(opaque))) throw new Error('"opaque" is no OPAQUE server setup');
    return { opaque, token };
  } catch (cause) {
    throw new Failure(
      "secret_unreadable",
      `the deployment's secret in ${file} cannot be used: ${messageOf(cause)}`,
      "name the right file with --secret-file; without it nobody can log in",
      cause,
    );
  }
}

/** Fails when the database's users signed up under another secret: they could not log in. */
export async function checkSecret(database: Database, secret: DeploymentSecret): Promise<void> {
  const fingerprint = createHash("sha256").update("fastchat secret\0").update(secret.opaque).digest("hex");
  await database.query({
    text: "INSERT INTO deployment (key, value) VALUES ('secret', $1) ON CONFLICT (key) DO NOTHING",
    values: [fingerprint],
  });
  const [row] = await database.query<{ value: string }>({ text: "SELECT value FROM deployment WHERE key = 'secret'" });
  if (row?.value === fingerprint) return;
  throw new Failure(
    "secret_mismatch",
    "the users in this database signed up under another deployment secret",
    "name that secret's file with --secret-file, or use another database",
  );
}
