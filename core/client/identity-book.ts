import { openPublicIdentity, type PublicIdentity } from "../e2ee/public-identity.ts";
import { accepted, type Parsed, refused } from "../platform/parsed.ts";
import { equalBytes } from "../wire/bytes.ts";
import type { UserId } from "../wire/ids.ts";
import { limits } from "../wire/limits.ts";
import { canonicalUserName } from "../wire/user-name.ts";
import type { Mailbox } from "./mailbox.ts";
import type { ReplyTo, RequestKind, RequestOf, RequestRefused } from "./server-link.ts";

/** How a server is asked: once, for somebody who waits for an answer, or for as long as it takes. */
export type Ask = <Kind extends RequestKind>(
  mailbox: Mailbox,
  frame: RequestOf<Kind>,
) => Promise<Parsed<ReplyTo<Kind>, RequestRefused>>;

export const askOnce: Ask = (mailbox, frame) => mailbox.request(frame);
export const askPatiently: Ask = (mailbox, frame) => mailbox.requestPatiently(frame);

export interface KnownPerson {
  readonly user: UserId;
  readonly identity: PublicIdentity;
}

/**
 * Checked public identities by their bytes. Checking one costs two signatures, so simulated users of one process share
 * what they have checked.
 */
export class IdentityCache {
  readonly #opened = new Map<string, Parsed<PublicIdentity>>();

  open(bytes: Uint8Array): Parsed<PublicIdentity> {
    const key = Buffer.from(bytes).toString("latin1");
    let opened = this.#opened.get(key);
    if (!opened) {
      opened = openPublicIdentity(bytes);
      this.#opened.set(key, opened);
    }
    return opened;
  }
}

/** The people that a client has met: whoever the server names, with their identities checked. */
export class IdentityBook {
  readonly #mailbox: Mailbox;
  readonly #cache: IdentityCache;
  readonly #people = new Map<UserId, PublicIdentity>();

  constructor(mailbox: Mailbox, cache: IdentityCache) {
    this.#mailbox = mailbox;
    this.#cache = cache;
  }

  /** By the names that somebody typed; refused, naming whom, if one of them is unknown. */
  async byName(names: readonly string[]): Promise<Parsed<KnownPerson[]>> {
    const people: KnownPerson[] = [];
    for (let from = 0; from < names.length; from += limits.findUsersMax) {
      const page = names.slice(from, from + limits.findUsersMax);
      const reply = await this.#mailbox.request({ kind: "findUsers", names: page });
      if (!reply.ok) return refused(`users could not be looked up: ${reply.reason.detail}`);
      for (const [i, found] of reply.value.users.entries()) {
        const name = page[i] as string;
        if (!found) return refused(`there is no user ${name}`);
        const identity = this.#cache.open(found.identity);
        if (!identity.ok) return refused(`the identity of ${name} is not valid: ${identity.reason}`);
        const canonical = canonicalUserName(name);
        if (!canonical.ok || identity.value.name !== canonical.value) {
          return refused(`the server shows ${identity.value.name}'s identity for ${name}`);
        }
        this.#people.set(found.user, identity.value);
        people.push({ user: found.user, identity: identity.value });
      }
    }
    return accepted(people);
  }

  /** The identity of a user that has this fingerprint, as a membership log names it. */
  async byFingerprint(user: UserId, fingerprint: Uint8Array, ask: Ask): Promise<Parsed<PublicIdentity>> {
    const learned = await this.#learn([user], ask);
    if (!learned.ok) return learned;
    const known = this.#people.get(user);
    if (!known) return refused(`there is no user ${user}`);
    if (!equalBytes(known.fingerprint, fingerprint))
      return refused(`user ${user} has another identity than the log names`);
    return accepted(known);
  }

  /** Looks up whoever is not known yet, many at a time. */
  prefetch(users: Iterable<UserId>, ask: Ask): Promise<Parsed<undefined>> {
    return this.#learn([...users], ask);
  }

  async #learn(users: readonly UserId[], ask: Ask): Promise<Parsed<undefined>> {
    const unknown = users.filter((user) => !this.#people.has(user));
    for (let from = 0; from < unknown.length; from += limits.findUsersMax) {
      const page = unknown.slice(from, from + limits.findUsersMax);
      const reply = await ask(this.#mailbox, { kind: "findUsers", ids: page });
      if (!reply.ok) return refused(`users could not be looked up: ${reply.reason.detail}`);
      for (const found of reply.value.users) {
        if (!found) continue;
        const identity = this.#cache.open(found.identity);
        if (identity.ok) this.#people.set(found.user, identity.value);
      }
    }
    return accepted(undefined);
  }
}
