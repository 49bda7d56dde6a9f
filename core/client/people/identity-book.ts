import type { PublicIdentity } from "../../e2ee/public-identity.ts";
import { accepted, type Result } from "../../platform/result.ts";
import { equalBytes } from "../../wire/bytes.ts";
import type { ReplyTo, RequestKind, RequestOf } from "../../wire/client-frame.ts";
import type { UserId } from "../../wire/ids.ts";
import { limits } from "../../wire/limits.ts";
import { canonicalUserName } from "../../wire/user-name.ts";
import { type GroupRefusal, refusal, refusalFor } from "../mail/group-refusal.ts";
import type { Mailbox } from "../mail/mailbox.ts";
import type { RequestRefusal } from "../mail/server-link.ts";
import type { IdentityCache } from "./identity-cache.ts";
import type { Trust } from "./trust.ts";

/** A way to ask a server: once, where a person waits for the answer, or until there is one. */
export type Ask = <Kind extends RequestKind>(
  mailbox: Mailbox,
  frame: RequestOf<Kind>,
) => Promise<Result<ReplyTo<Kind>, RequestRefusal>>;

export const askOnce: Ask = (mailbox, frame) => mailbox.request(frame);
export const askPatiently: Ask = (mailbox, frame) => mailbox.requestPatiently(frame);

export interface KnownPerson {
  readonly user: UserId;
  readonly identity: PublicIdentity;
}

/** The people whom the server has named to this client, with their identities checked and compared with the pinned ones. */
export class IdentityBook {
  readonly #mailbox: Mailbox;
  readonly #cache: IdentityCache;
  readonly #trust: Trust | undefined;
  readonly #people = new Map<UserId, PublicIdentity>();

  /** Without `trust` no identity is pinned: for simulated users. */
  constructor(mailbox: Mailbox, cache: IdentityCache, trust: Trust | undefined) {
    this.#mailbox = mailbox;
    this.#cache = cache;
    this.#trust = trust;
  }

  /** People by the names that somebody typed; refused, with the name, if one is unknown or has another identity than before. */
  async byName(names: readonly string[]): Promise<Result<KnownPerson[], GroupRefusal>> {
    const people: KnownPerson[] = [];
    for (let from = 0; from < names.length; from += limits.findUsersMax) {
      const page = names.slice(from, from + limits.findUsersMax);
      const reply = await this.#mailbox.request({ kind: "findUsers", names: page });
      if (!reply.ok) return refusalFor("users could not be looked up", reply.reason);
      for (const [i, name] of page.entries()) {
        const found = reply.value.users[i];
        if (!found) return refusal("unknown_user", `there is no user ${name}`);
        const identity = this.#cache.open(found.identity);
        if (!identity.ok)
          return refusal("identity_invalid", `the identity of ${name} is not valid: ${identity.reason}`);
        const canonical = canonicalUserName(name);
        if (!canonical.ok || identity.value.name !== canonical.value) {
          return refusal("identity_invalid", `the server shows ${identity.value.name}'s identity for ${name}`);
        }
        if (!this.#met(found.user, identity.value)) return identityChanged(name);
        people.push({ user: found.user, identity: identity.value });
      }
    }
    return accepted(people);
  }

  /** The identity of a user that has this fingerprint, as a membership log names it. */
  async byFingerprint(user: UserId, fingerprint: Uint8Array, ask: Ask): Promise<Result<PublicIdentity, GroupRefusal>> {
    const pinned = this.#trust?.identityOf(user, fingerprint);
    if (pinned !== undefined && pinned !== "changed") return accepted(pinned);
    const learned = await this.#learn([user], ask);
    if (!learned.ok) return learned;
    const known = this.#people.get(user);
    if (this.#trust && pinned === "changed") return identityChanged(this.#trust.nameOf(user));
    if (!known) return refusal("unknown_user", `there is no user ${user}`);
    if (!equalBytes(known.fingerprint, fingerprint))
      return refusal("identity_invalid", `user ${user} has another identity than the log names`);
    return accepted(known);
  }

  /** Looks up those of these users who are not known yet, many at a time. */
  prefetch(users: Iterable<UserId>, ask: Ask): Promise<Result<undefined, GroupRefusal>> {
    return this.#learn([...users], ask);
  }

  /** The names of those members whose changed identity the user has to accept before anything is sent to them. */
  concerns(members: Iterable<readonly [UserId, { readonly fingerprint: Uint8Array }]>): string[] {
    return this.#trust?.concerns(members) ?? [];
  }

  /** Grows when {@link concerns} may answer otherwise. */
  get version(): number {
    return this.#trust?.version ?? 0;
  }

  /** Whether identities are pinned: then the client looks up all members of a group, not only those who write. */
  get isStrict(): boolean {
    return this.#trust !== undefined;
  }

  async #learn(users: readonly UserId[], ask: Ask): Promise<Result<undefined, GroupRefusal>> {
    const unknown = users.filter((user) => !this.#people.has(user));
    for (let from = 0; from < unknown.length; from += limits.findUsersMax) {
      const page = unknown.slice(from, from + limits.findUsersMax);
      const reply = await ask(this.#mailbox, { kind: "findUsers", ids: page });
      if (!reply.ok) return refusalFor("users could not be looked up", reply.reason);
      for (const found of reply.value.users) {
        const identity = found && this.#cache.open(found.identity);
        if (found && identity?.ok) this.#met(found.user, identity.value);
      }
    }
    return accepted(undefined);
  }

  #met(user: UserId, identity: PublicIdentity): boolean {
    if (this.#trust && !this.#trust.meet(user, identity)) return false;
    this.#people.set(user, identity);
    return true;
  }
}

/** The refusal for people whose identity has changed. */
export function identityChanged(...names: readonly string[]) {
  const detail = `the identity of ${names.join(", ")} is not the one that was met before: compare safety numbers, then accept it`;
  return refusal("identity_changed", detail);
}
