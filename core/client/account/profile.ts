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

/** What a machine remembers of one account beside its vault: where it is, and how its password opens the vault. */
const profileSchema = z.strictObject({
  version: z.literal(1),
  /** Of the deployment: `host:port`, or a URL. */
  server: z.string().min(1),
  /** PEM of the authority that signs the deployment's certificates, if it is none of the system's. */
  authority: z.string().exactOptional(),
  /** The user's, canonical. */
  user: z.string().min(1),
  /** Sets this machine's vault apart from the account's others. */
  vaultSalt: base64Field(16),
  lock: keyLockSchema,
});

export type Profile = Omit<z.output<typeof profileSchema>, "version">;

/** A person's profiles: a directory each, which nobody else may read. */
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

  /** Undefined when there is none of this name. */
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

  /** One that has to be there. */
  named(name: string): Profile {
    const profile = this.read(name);
    if (profile) return profile;
    throw new Failure(
      "profile_unknown",
      `this machine knows no profile ${name}`,
      `log in or sign up first; known: ${this.list().join(", ") || "none"}`,
    );
  }

  /** Fails where no profile could be kept, so that nobody signs up first and finds out then. */
  assertWritable(): void {
    try {
      mkdirSync(this.#home, { recursive: true, mode: 0o700 });
      accessSync(this.#home, constants.W_OK | constants.X_OK);
    } catch (cause) {
      throw unwritable(this.#home, cause);
    }
  }

  /** Either the old profile or the new one is there, whatever happens meanwhile. */
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

  /** The directory is made with the profile. */
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

/** The same profile, which another password opens from now on. */
export async function relocked(
  profile: Profile,
  secret: AccountSecret,
  password: string,
  effort: Stretching,
): Promise<Profile> {
  return { ...profile, lock: await lockKey(secret.vaultKey(profile.vaultSalt), password, effort) };
}

/** Whose certificates are trusted at the profile's deployment. */
export const trustOf = ({ authority }: Pick<Profile, "authority">): TlsTrust =>
  authority === undefined ? {} : { authority };

const profileFile = "profile.json";

/** A name as an entry of a directory, and back. */
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
