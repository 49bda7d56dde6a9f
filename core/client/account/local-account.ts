import { sealAccountSecret } from "../../e2ee/account-secret.ts";
import type { Identity } from "../../e2ee/identity.ts";
import { openPublicIdentity } from "../../e2ee/public-identity.ts";
import { safetyNumber } from "../../e2ee/safety-number.ts";
import type { Cancel } from "../../platform/clock.ts";
import { Failure } from "../../platform/failure.ts";
import type { Result } from "../../platform/result.ts";
import { seq } from "../../wire/ids.ts";
import type { Client, ClientEvents } from "../client.ts";
import { createClient } from "../create-client.ts";
import { FileTransfers } from "../files/file-transfers.ts";
import { AttachmentServer } from "../files/transfer.ts";
import type { Welcome } from "../mail/connection.ts";
import type { RequestRefusal } from "../mail/server-link.ts";
import { IdentityCache } from "../people/identity-cache.ts";
import { type AboutDeployment, aboutDeployment } from "../socket/about-deployment.ts";
import { type DialRefusal, dialAssigned, dialForVisit } from "../socket/dial.ts";
import type { Vault } from "../vault/vault.ts";
import type { LocalAccountParts } from "./account-parts.ts";
import { accountFailure, connectOnce, unreachable } from "./account-server.ts";
import { changePassword, logIn } from "./authenticate.ts";
import { type Profile, relocked, trustOf } from "./profile.ts";

/** Messages without an outcome at most. */
const outboxMax = 10_000;
const expiryPeriodMs = 60_000;
/** The latest messages that are fetched of a group that is new to this machine; older ones are fetched when the user asks. */
const recentMessages = 500;

/**
 * An account at this machine, opened with its password: the vault, and the client that keeps everything there. It works
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
  /** Ends {@link connect}'s attempt: with a failure, or when the server has listed the groups. */
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
        startAfter: (_, lastSeq) => seq(Math.max(0, lastSeq - recentMessages)),
      },
      {
        ...events,
        welcomed: (welcome) => {
          vault.saveSession(welcome);
          this.#connectEnded();
          events.welcomed?.(welcome);
        },
        connection: (state, why) => {
          if (state === "loggedOut") this.#connectEnded(new Failure("session_ended", why, "log in again"));
          if (state === "offline") this.#connectEnded(unreachable(why));
          events.connection?.(state, why);
        },
      },
    );
    const session = vault.session();
    // Kept groups can be read and written to without a connection.
    if (session) this.client.recognise(this.#identity, session.user);
    const server = new AttachmentServer({
      dial: visit,
      tls,
      clock: parts.clock,
      random: parts.random,
      token: () => vault.session()?.token,
    });
    this.files = new FileTransfers({ client: this.client, server, store: vault.files });
  }

  get profile(): Profile {
    return this.#profile;
  }

  get identity(): Identity {
    return this.#identity;
  }

  /** The safety number that this user shares with somebody whose identity is pinned: 60 digits. */
  safetyNumberWith(pinned: Uint8Array): string {
    const other = openPublicIdentity(pinned);
    if (!other.ok) throw new Error(`an identity that was pinned cannot be read: ${other.reason}`);
    return safetyNumber(this.#identity.public, other.value);
  }

  /**
   * Goes online, with a login if the last session has ended; resolves once the server has listed the user's groups. Fails
   * when no server can be reached now; the client goes on trying.
   */
  async connect(password: string): Promise<void> {
    const first = await this.#connected(() => this.goOnline());
    if (first === undefined) return;
    if (first.code !== "session_ended") throw first;
    const again = await this.#connected(async () => {
      const welcome = await this.logIn(password);
      if (!welcome.ok) this.#connectEnded(accountFailure(this.#profile, welcome.reason));
    });
    if (again) throw again;
  }

  /** Connects with the last login's session, and again whenever the connection breaks. */
  goOnline(): void {
    const session = this.vault.session();
    if (!session) throw new Error("a vault without a session");
    this.client.resume(this.#identity, session.user, session.token);
    this.#expire();
  }

  /** What the deployment reports of its strategy and transport. */
  about(): Promise<Result<AboutDeployment, DialRefusal>> {
    return aboutDeployment(this.#profile.server, trustOf(this.#profile));
  }

  /** Logs in again, after the session has expired or was ended. */
  logIn(password: string): Promise<Result<Welcome, RequestRefusal>> {
    const { crypto, effort } = this.#parts;
    return this.client.logIn(this.#identity, logIn(crypto, { name: this.#profile.user, password, effort }));
  }

  /** Changes the account's password, at the server and at this machine. Other machines have to log in with the new one. */
  async changePassword(old: string, password: string): Promise<void> {
    const { crypto, effort } = this.#parts;
    const secret = this.vault.accountSecret();
    if (!secret) throw new Error("a vault without an account");
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
    // The server has ended all other sessions.
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

  #connectEnded(failure?: Failure): void {
    this.#connecting?.(failure);
    this.#connecting = undefined;
  }

  #expire(): void {
    this.#cancelExpiry?.();
    this.#cancelExpiry = this.#parts.clock.after(expiryPeriodMs, () => this.#expire());
    void this.client.forgetExpired();
  }
}
