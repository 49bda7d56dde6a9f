import { randomBytes } from "node:crypto";
import { createAccountSecret, sealAccountSecret } from "../../e2ee/account-secret.ts";
import { createIdentity, type Identity } from "../../e2ee/identity.ts";
import { Failure } from "../../platform/failure.ts";
import { accepted } from "../../platform/result.ts";
import { equalBytes } from "../../wire/bytes.ts";
import { canonicalUserName } from "../../wire/user-name.ts";
import type { ClientEvents } from "../client.ts";
import { Vault } from "../vault/vault.ts";
import type { AccountAddress, LocalAccountParts } from "./account-parts.ts";
import { accountFailure, backupOf, connectOnce, type Restored, restore } from "./account-server.ts";
import { logIn, signUp } from "./authenticate.ts";
import { lockKey, unlockKey } from "./key-lock.ts";
import { LocalAccount } from "./local-account.ts";
import { type Profile, relocked, trustOf } from "./profile.ts";

/** Signs a new user up, and makes a profile for them. Generates the keys of their identity, unless `known` is one. */
export async function signUpHere(
  address: AccountAddress,
  password: string,
  parts: LocalAccountParts,
  events: ClientEvents,
  known?: Identity,
): Promise<LocalAccount> {
  const user = canonicalName(address.user);
  refuseKnown(address, parts);
  const identity = known ?? (await generateIdentity(user, parts));
  if (identity.public.name !== user) {
    throw new Failure("identity_mismatch", `this identity is ${identity.public.name}'s`, "sign up under that name");
  }
  const secret = createAccountSecret(identity);
  const { crypto, effort } = parts;
  const welcome = await connectOnce(
    address.server,
    address.trust,
    parts,
    signUp(crypto, { name: user, password, effort }, identity, (exportKey) => sealAccountSecret(secret, exportKey)),
  );
  if (!welcome.ok) throw accountFailure(address, welcome.reason);
  return remember(address, { secret, welcome: welcome.value, password }, parts, events);
}

/** Makes a new user's identity, with keys of its own. */
export async function generateIdentity(user: string, { crypto }: LocalAccountParts): Promise<Identity> {
  return createIdentity(user, await crypto.generateKeys());
}

/** Logs a user in whom this machine does not know yet; their identity comes from its backup at the server. */
export async function logInHere(
  address: AccountAddress,
  password: string,
  parts: LocalAccountParts,
  events: ClientEvents,
): Promise<LocalAccount> {
  const user = canonicalName(address.user);
  refuseKnown(address, parts);
  const restored = await restore({ ...address, user }, password, parts);
  return remember(address, { ...restored, password }, parts, events);
}

/**
 * Logs a user in with an identity from a file, for an account whose backup is missing or does not open; then the backup is
 * made anew.
 */
export async function logInWithIdentity(
  address: AccountAddress,
  password: string,
  identity: Identity,
  parts: LocalAccountParts,
  events: ClientEvents,
): Promise<LocalAccount> {
  const user = canonicalName(address.user);
  refuseKnown(address, parts);
  const { crypto, effort } = parts;
  let secret = createAccountSecret(identity);
  const welcome = await connectOnce(
    address.server,
    address.trust,
    parts,
    logIn(crypto, { name: user, password, effort }, async (link, exportKey) => {
      const shown = await link.request({ kind: "findUsers", names: [user] });
      if (!shown.ok) return shown;
      const known = shown.value.users[0]?.identity;
      if (!known || !equalBytes(known, identity.public.bytes)) throw mismatch(user);
      const backup = await backupOf(link, exportKey, user);
      if (!backup.ok) return backup;
      if (backup.value && backup.value !== "unreadable") {
        secret = backup.value;
        return accepted(undefined);
      }
      const saved = await link.request({ kind: "saveBackup", backup: sealAccountSecret(secret, exportKey) });
      return saved.ok ? accepted(undefined) : saved;
    }),
  );
  if (!welcome.ok) throw accountFailure(address, welcome.reason);
  return remember(address, { secret, welcome: welcome.value, password }, parts, events);
}

/**
 * Opens an account that this machine knows: without a server if the password is the one that was last used here, and with a
 * login if it was changed at another machine since.
 */
export async function openAccount(
  name: string,
  password: string,
  parts: LocalAccountParts,
  events: ClientEvents,
): Promise<LocalAccount> {
  const profile = parts.profiles.named(name);
  const file = parts.profiles.vaultFile(name);
  const key = await unlockKey(profile.lock, password);
  if (key) return new LocalAccount(name, profile, Vault.open(file, key, parts.clock), parts, events);
  const { secret, welcome } = await restoreAfterChange(profile, password, parts);
  const vault = Vault.open(file, secret.vaultKey(profile.vaultSalt), parts.clock);
  vault.saveSession(welcome);
  const renewed = await relocked(profile, secret, password, parts.effort);
  parts.profiles.write(name, renewed);
  return new LocalAccount(name, renewed, vault, parts, events);
}

/** Asks the server whether this is the password since it was changed at another machine. */
async function restoreAfterChange(profile: Profile, password: string, parts: LocalAccountParts): Promise<Restored> {
  try {
    return await restore({ ...profile, trust: trustOf(profile) }, password, parts);
  } catch (cause) {
    if (!(cause instanceof Failure) || cause.code !== "server_unreachable") throw cause;
    throw new Failure(
      "wrong_password",
      `not the password that ${profile.user} last used here, and the server cannot be asked whether it was changed since (${cause.message})`,
      "try again, with the former password if it was changed elsewhere",
      cause,
    );
  }
}

async function remember(
  { profile: name, server, trust, user }: AccountAddress,
  { secret, welcome, password }: Restored & { readonly password: string },
  parts: LocalAccountParts,
  events: ClientEvents,
): Promise<LocalAccount> {
  const vaultSalt = randomBytes(16);
  const key = secret.vaultKey(vaultSalt);
  const { authority } = trust;
  const profile: Profile = {
    server,
    user: canonicalName(user),
    vaultSalt,
    lock: await lockKey(key, password, parts.effort),
    ...(authority === undefined ? {} : { authority }),
  };
  // Written last: a directory without a profile is no account's, and its vault is made anew.
  const vault = Vault.create(parts.profiles.vaultFile(name), key, parts.clock);
  vault.saveAccountSecret(secret);
  vault.saveSession(welcome);
  parts.profiles.write(name, profile);
  return new LocalAccount(name, profile, vault, parts, events);
}

function canonicalName(user: string): string {
  const name = canonicalUserName(user);
  if (!name.ok) throw new Failure("name_invalid", `"${user}" is no user name`, name.reason);
  return name.value;
}

/** Refuses, before a server is asked, a profile that exists already or could not be kept here. */
function refuseKnown({ profile }: AccountAddress, { profiles }: LocalAccountParts): void {
  profiles.assertWritable();
  if (profiles.read(profile))
    throw new Failure(
      "profile_exists",
      `this machine has a profile ${profile} already`,
      "open that one, or name another",
    );
}

const mismatch = (user: string) =>
  new Failure("identity_mismatch", `the identity is not the one that ${user} signed up with`, "bring the right one");
