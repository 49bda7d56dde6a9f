import { randomBytes } from "node:crypto";
import {
  type AccountSecret,
  createAccountSecret,
  openAccountSecret,
  sealAccountSecret,
} from "../../e2ee/account-secret.ts";
import { createIdentity, type Identity, type IdentityKeyPairs } from "../../e2ee/identity.ts";
import type { Stretching } from "../../e2ee/opaque-client.ts";
import { openPublicIdentity } from "../../e2ee/public-identity.ts";
import type { RsaWorker } from "../../e2ee/rsa-fernet.ts";
import { safetyNumber } from "../../e2ee/safety-number.ts";
import type { Cancel, Clock } from "../../platform/clock.ts";
import { Failure } from "../../platform/failure.ts";
import type { Random } from "../../platform/random.ts";
import { accepted, type Parsed, type Result } from "../../platform/result.ts";
import { equalBytes } from "../../wire/bytes.ts";
import type { Seq } from "../../wire/ids.ts";
import { canonicalUserName } from "../../wire/user-name.ts";
import { type Client, type ClientEvents, createClient } from "../client.ts";
import { FileTransfers } from "../files/file-transfers.ts";
import { AttachmentServer } from "../files/transfer.ts";
import { type Authenticate, Connection, type Welcome } from "../mail/connection.ts";
import type { RequestRefusal, ServerLink } from "../mail/server-link.ts";
import { IdentityCache } from "../people/identity-cache.ts";
import { type AboutDeployment, aboutDeployment } from "../socket/about-deployment.ts";
import { type DialRefusal, dialAssigned, dialForVisit } from "../socket/dial.ts";
import type { OpenSocket } from "../socket/socket.ts";
import type { TlsTrust } from "../socket/tls-trust.ts";
import { Vault } from "../vault/vault.ts";
import { changePassword, logIn, type OpaqueClient, signUp } from "./authenticate.ts";
import { lockKey, unlockKey } from "./key-lock.ts";
import type { Profile, Profiles } from "./profile.ts";

/** A person's own arithmetic: here, or in the pool. */
export interface ClientCrypto extends OpaqueClient, RsaWorker {
  generateKeys(): Promise<IdentityKeyPairs>;
}

export interface LocalAccountParts {
  readonly profiles: Profiles;
  readonly crypto: ClientCrypto;
  readonly open: OpenSocket;
  readonly clock: Clock;
  readonly random: Random;
  readonly effort: Stretching;
  /** Goes online for a moment only, and takes the turn of no client that stays. */
  readonly isVisit?: boolean;
}

/** Whose account it is, where, and under which name this machine remembers it. */
export interface AccountAddress {
  readonly profile: string;
  /** `host:port`, or a URL. */
  readonly server: string;
  readonly trust: TlsTrust;
  /** As typed. */
  readonly user: string;
}

/** Messages without an outcome; more are refused until some have theirs. */
const outboxMax = 10_000;
const expiryPeriodMs = 60_000;
/** Of a group that this machine does not know yet, so many are fetched at once; what came before, when it is asked for. */
const recentMessages = 500;

/**
 * An account at this machine, opened with its password: the vault, and the client that keeps what it sees there. It works
 * without a server, and connects when there is one.
 */
export class LocalAccount {
  readonly name: string;
  readonly vault: Vault;
  readonly client: Client;
  readonly files: FileTransfers;
  readonly #parts: LocalAccountParts;
  readonly #identity: Identity;
  #profile: Profile;
  #cancelExpiry: Cancel | undefined;
  #connecting: ((failure: Failure | undefined) => void) | undefined;

  constructor(name: string, profile: Profile, vault: Vault, parts: LocalAccountParts, events: ClientEvents) {
    const secret = vault.accountSecret();
    if (!secret) throw new Error("a vault without an account");
    this.name = name;
    this.vault = vault;
    this.#profile = profile;
    this.#parts = parts;
    this.#identity = secret.identity;
    const tls = trustOf(profile);
    const visit = dialForVisit(profile.server, tls);
    const dial = parts.isVisit ? visit : dialAssigned(profile.server, tls);
    this.client = createClient(
      { dial, ...parts, socket: { tls }, rsa: parts.crypto, identities: new IdentityCache(), keeper: vault },
      {
        outboxMax,
        pinning: true,
        startAfter: (_, lastSeq) => Math.max(0, lastSeq - recentMessages) as Seq,
      },
      {
        ...events,
        welcomed: (welcome) => {
          vault.saveSession(welcome);
          this.#settleConnect();
          events.welcomed?.(welcome);
        },
        connection: (state, why) => {
          if (state === "loggedOut") this.#settleConnect(new Failure("session_ended", why, "log in again"));
          if (state === "offline") this.#settleConnect(unreachable(why));
          events.connection?.(state, why);
        },
      },
    );
    const session = vault.session();
    // What it keeps can be read, and written to, before there is a connection, or without one.
    if (session) this.client.recognise(this.#identity, session.user);
    const server = new AttachmentServer({
      dial: visit,
      tls,
      clock: parts.clock,
      random: parts.random,
      token: () => vault.session()?.token,
    });
    this.files = new FileTransfers({ client: this.client, server, store: vault });
  }

  get profile(): Profile {
    return this.#profile;
  }

  get identity(): Identity {
    return this.#identity;
  }

  /** The safety number that this user shares with whoever has an identity that was pinned: 60 digits. */
  safetyNumberWith(pinned: Uint8Array): string {
    const other = openPublicIdentity(pinned);
    if (!other.ok) throw new Error(`an identity that was pinned cannot be read: ${other.reason}`);
    return safetyNumber(this.#identity.public, other.value);
  }

  /**
   * Goes online and resolves once the server has told of the user's groups, logging in anew if the last session has ended.
   * Fails when there is no server now; the client goes on trying.
   */
  async connect(password: string): Promise<void> {
    const first = await this.#connected(() => this.goOnline());
    if (first === undefined) return;
    if (first.code !== "session_ended") throw first;
    const again = await this.#connected(async () => {
      const welcome = await this.logIn(password);
      if (!welcome.ok) this.#settleConnect(accountFailure(this.#profile, welcome.reason));
    });
    if (again) throw again;
  }

  /** Connects with the session of the last login, now and whenever the connection breaks. */
  goOnline(): void {
    const session = this.vault.session();
    if (!session) throw new Error("a vault without a session");
    this.client.resume(this.#identity, session.user, session.token);
    this.#expire();
  }

  /** Which strategy sends clients to the deployment's servers, and what carries their sockets, as it says. */
  about(): Promise<Result<AboutDeployment, DialRefusal>> {
    return aboutDeployment(this.#profile.server, trustOf(this.#profile));
  }

  /** Logs in anew, when the session has run out or was ended. */
  logIn(password: string): Promise<Result<Welcome, RequestRefusal>> {
    const { crypto, effort } = this.#parts;
    return this.client.logIn(this.#identity, logIn(crypto, { name: this.#profile.user, password, effort }));
  }

  /** Another password for the account, at the server and at this machine. Other machines have to log in with it. */
  async changePassword(old: string, password: string): Promise<void> {
    const { crypto, effort } = this.#parts;
    const secret = this.vault.accountSecret() as AccountSecret;
    const seal = (exportKey: Uint8Array) => sealAccountSecret(secret, exportKey);
    const welcome = await connectOnce(
      this.#profile.server,
      trustOf(this.#profile),
      this.#parts,
      logIn(crypto, { name: this.#profile.user, password: old, effort }, (link) =>
        changePassword(crypto, link, { password, effort }, seal),
      ),
    );
    if (!welcome.ok) throw accountFailure(this.#profile, welcome.reason);
    // The others were ended.
    this.vault.saveSession(welcome.value);
    this.#profile = await relocked(this.#profile, secret, password, effort);
    this.#parts.profiles.write(this.name, this.#profile);
  }

  async close(): Promise<void> {
    this.#cancelExpiry?.();
    await this.files.close();
    await this.client.close();
    this.vault.close();
  }

  #connected(begin: () => unknown): Promise<Failure | undefined> {
    return new Promise((resolve) => {
      this.#connecting = resolve;
      void begin();
    });
  }

  #settleConnect(failure?: Failure): void {
    this.#connecting?.(failure);
    this.#connecting = undefined;
  }

  #expire(): void {
    this.#cancelExpiry?.();
    this.#cancelExpiry = this.#parts.clock.after(expiryPeriodMs, () => this.#expire());
    void this.client.forgetExpired();
  }
}

/** Signs a new user up, and remembers them at this machine. Their identity's keys are made here, unless they have some. */
export async function signUpHere(
  address: AccountAddress,
  password: string,
  parts: LocalAccountParts,
  events: ClientEvents,
  known?: Identity,
): Promise<LocalAccount> {
  const user = canonicalName(address.user);
  refuseKnown(address, parts);
  const identity = known ?? createIdentity(user, await parts.crypto.generateKeys());
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

/** Logs a user in whom this machine does not know yet: their identity comes back from its backup at the server. */
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
 * Logs a user in under an identity that was brought from elsewhere: for an account whose backup is missing or does not
 * open. The backup is made anew.
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
 * Opens an account that this machine knows, without a server if the password is the one that was last used here; after it
 * was changed elsewhere, with the server's help.
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
  if (key) return new LocalAccount(name, profile, Vault.open(file, key), parts, events);
  const { secret, welcome } = await restoreAfterChange(profile, password, parts);
  const vault = Vault.open(file, secret.vaultKey(profile.vaultSalt));
  vault.saveSession(welcome);
  const renewed = await relocked(profile, secret, password, parts.effort);
  parts.profiles.write(name, renewed);
  return new LocalAccount(name, renewed, vault, parts, events);
}

interface Restored {
  readonly secret: AccountSecret;
  readonly welcome: Welcome;
}

async function restore(
  at: Omit<AccountAddress, "profile">,
  password: string,
  parts: LocalAccountParts,
): Promise<Restored> {
  const { crypto, effort } = parts;
  let backup: AccountSecret | "unreadable" | undefined;
  const welcome = await connectOnce(
    at.server,
    at.trust,
    parts,
    logIn(crypto, { name: at.user, password, effort }, async (link, exportKey) => {
      const fetched = await backupOf(link, exportKey, at.user);
      if (!fetched.ok) return fetched;
      backup = fetched.value;
      return accepted(undefined);
    }),
  );
  if (!welcome.ok) throw accountFailure(at, welcome.reason);
  if (backup === undefined || backup === "unreadable") {
    throw new Failure(
      backup ? "backup_refused" : "backup_missing",
      backup
        ? `the identity backup that ${at.server} has for ${at.user} does not open: it was changed, or is another's`
        : `${at.server} has no backup of ${at.user}'s identity`,
      "export the identity at a machine that has it, and bring it here with fastchat identity import",
    );
  }
  return { secret: backup, welcome: welcome.value };
}

/** The password may be right since it was changed at another machine; only the server can tell. */
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

async function backupOf(
  link: ServerLink,
  exportKey: Uint8Array,
  user: string,
): Promise<Parsed<AccountSecret | "unreadable" | undefined, RequestRefusal>> {
  const fetched = await link.request({ kind: "fetchBackup" });
  if (!fetched.ok) return fetched;
  if (!fetched.value.backup) return accepted(undefined);
  const opened = openAccountSecret(fetched.value.backup, exportKey, user);
  return accepted(opened.ok ? opened.value : "unreadable");
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
  // The profile is what makes a directory an account's: a vault without one is begun anew.
  const vault = Vault.create(parts.profiles.vaultFile(name), key);
  vault.saveAccountSecret(secret);
  vault.saveSession(welcome);
  parts.profiles.write(name, profile);
  return new LocalAccount(name, profile, vault, parts, events);
}

/** A connection of its own for what needs the password, and nothing else. */
async function connectOnce(
  server: string,
  tls: TlsTrust,
  { open, clock, random }: LocalAccountParts,
  authenticate: Authenticate,
): Promise<Result<Welcome, RequestRefusal>> {
  const connection = new Connection(
    { dial: dialForVisit(server, tls), open, clock, random, socket: { tls } },
    { stateChanged() {}, ready() {}, delivered() {}, acknowledged() {}, noticed() {} },
  );
  try {
    return await connection.logIn(authenticate);
  } finally {
    connection.close();
  }
}

async function relocked(
  profile: Profile,
  secret: AccountSecret,
  password: string,
  effort: Stretching,
): Promise<Profile> {
  return { ...profile, lock: await lockKey(secret.vaultKey(profile.vaultSalt), password, effort) };
}

function canonicalName(user: string): string {
  const name = canonicalUserName(user);
  if (!name.ok) throw new Failure("name_invalid", `"${user}" is no user name`, name.reason);
  return name.value;
}

/** Before a server is asked: what could not be kept here is refused, too. */
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

const trustOf = ({ authority }: Pick<Profile, "authority">): TlsTrust => (authority === undefined ? {} : { authority });

/** What becomes of something that was to be sent, only whoever was to send it can tell. */
const unreachable = (why: string) =>
  new Failure("server_unreachable", why, "check the server's address, and whether it runs");

/** What a person is told when a server does not let them in. */
function accountFailure({ server, user }: { server: string; user: string }, reason: RequestRefusal): Failure {
  const { code, detail } = reason;
  switch (code) {
    case "login_failed":
      return new Failure(
        "wrong_password",
        `${server} knows no user ${user} with this password`,
        "check name and password",
      );
    case "name_taken":
      return new Failure(code, `${user} is taken at ${server}`, "choose another name, or log in if it is yours");
    case "offline":
    case "timeout":
      return unreachable(`${server}: ${detail}`);
    default:
      return new Failure(code, `${server}: ${detail}`, "try again later, or ask whoever runs the server");
  }
}
