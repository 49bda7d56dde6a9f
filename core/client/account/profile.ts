import { accessSync, constants, existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import type { AccountSecret } from "../../e2ee/account-secret.ts";
import type { Stretching } from "../../e2ee/opaque-client.ts";
import { codeOf, Failure, messageOf } from "../../platform/failure.ts";
import { replaceFile } from "../../platform/replace-file.ts";
import type { TlsTrust } from "../socket/tls-trust.ts";
import { base64Field } from "./base64-field.ts";
import { keyLockSchema, lockKey } from "./key-lock.ts";

/** What a machine keeps of an account beside its vault: the deployment, and the lock that the password opens. */
const profileSchema = z.strictObject({
  version: z.literal(1),
  /** The deployment's address: `host:port`, or a URL. */
  server: z.string().min(1),
  /** PEM of the authority that signs the deployment's certificates, if that is none of the system's. */
  authority: z.string().exactOptional(),
  /** The user's canonical name. */
  user: z.string().min(1),
  /** Gives this machine's vault a key of its own. */
  vaultSalt: base64Field(16),
  lock: keyLockSchema,
});

export type Profile = Omit<z.output<typeof profileSchema>, "version">;

/** The profiles of a machine's user: a directory each, which no other user of the machine may read. */
export class Profiles {
  readonly #home: string;

  constructor(home: string) {
    this.#home = path.resolve(home);
  }

  /** Their names, in order. */
  list(): string[] {
    try {
      return readdirSync(this.#home)
        .filter((entry) => existsSync(path.join(this.#home, entry, profileFile)))
        .map(nameOf)
        .sort();
    } catch (cause) {
      if (codeOf(cause) === "ENOENT") return [];
      throw unreadable(this.#home, cause);
    }
  }

  /** Undefined when there is no profile of this name. */
  read(name: string): Profile | undefined {
    const file = this.#profileFile(name);
    let text: string;
    try {
      text = readFileSync(file, "utf8");
    } catch (cause) {
      if (codeOf(cause) === "ENOENT") return undefined;
      throw unreadable(file, cause);
    }
    try {
      const { version: _, ...profile } = profileSchema.decode(JSON.parse(text));
      return profile;
    } catch (cause) {
      throw unreadable(file, cause instanceof z.ZodError ? new Error(z.prettifyError(cause)) : cause);
    }
  }

  /** Fails when there is no profile of this name. */
  named(name: string): Profile {
    const profile = this.read(name);
    if (profile) return profile;
    throw new Failure(
      "profile_unknown",
      `this machine knows no profile ${name}`,
      `log in or sign up first; known: ${this.list().join(", ") || "none"}`,
    );
  }

  /** Fails where no profile could be kept: called before a sign-up, since that cannot be undone. */
  assertWritable(): void {
    try {
      mkdirSync(this.#home, { recursive: true, mode: 0o700 });
      accessSync(this.#home, constants.W_OK | constants.X_OK);
    } catch (cause) {
      throw unwritable(this.#home, cause);
    }
  }

  /** Replaces a profile; after a crash either the old one or the new one is there. */
  write(name: string, profile: Profile): void {
    const file = this.#profileFile(name);
    const text = `${JSON.stringify(profileSchema.encode({ version: 1, ...profile }), undefined, 2)}\n`;
    try {
      mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
      replaceFile(file, text, 0o600);
    } catch (cause) {
      throw unwritable(file, cause);
    }
  }

  /** The file of the profile's vault. */
  vaultFile(name: string): string {
    return path.join(this.#directory(name), "vault.db");
  }

  #profileFile(name: string): string {
    return path.join(this.#directory(name), profileFile);
  }

  #directory(name: string): string {
    return path.join(this.#home, entryOf(name));
  }
}

/** The same profile, locked with another password. */
export async function relocked(
  profile: Profile,
  secret: AccountSecret,
  password: string,
  effort: Stretching,
): Promise<Profile> {
  return { ...profile, lock: await lockKey(secret.vaultKey(profile.vaultSalt), password, effort) };
}

/** The trust in the certificates of the profile's deployment. */
export const trustOf = ({ authority }: Pick<Profile, "authority">): TlsTrust =>
  authority === undefined ? {} : { authority };

const profileFile = "profile.json";

/** The directory entry for a profile's name; {@link nameOf} is the way back. */
const entryOf = (name: string) => encodeURIComponent(name).replace(/^\.+$/, (dots) => "%2E".repeat(dots.length));

function nameOf(entry: string): string {
  try {
    return decodeURIComponent(entry);
  } catch {
    return entry;
  }
}

const unwritable = (file: string, cause: unknown) =>
  new Failure(
    "profile_unwritable",
    `${file}: ${messageOf(cause)}`,
    "make room, or name another directory with --home",
    cause,
  );

function unreadable(file: string, cause: unknown): Failure {
  return new Failure(
    "profile_unreadable",
    `${file}: ${messageOf(cause)}`,
    "mend the file, or remove its directory and log in again",
    cause,
  );
}
