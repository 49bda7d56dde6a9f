import { fingerprintOf, type PublicIdentity } from "../../e2ee/public-identity.ts";
import { equalBytes } from "../../wire/bytes.ts";
import type { UserId } from "../../wire/ids.ts";
import type { IdentityCache } from "./identity-cache.ts";

/** The identity that a client believes under a name: the first that it was shown, or one that the user has accepted since. */
export interface Pin {
  /** Canonical. */
  readonly name: string;
  readonly user: UserId;
  /** The bytes of the public identity. */
  readonly identity: Uint8Array;
  /** The user has compared safety numbers with them. */
  readonly verified: boolean;
  /** Identities that were pinned before: messages and entries of that time are still checked against them. */
  readonly former: readonly Uint8Array[];
  /** Another identity that a server has shown under this name, until the user accepts it. */
  readonly changed?: { readonly user: UserId; readonly identity: Uint8Array } | undefined;
}

/** Where pins are kept. */
export interface PinStore {
  byName(name: string): Pin | undefined;
  byUser(user: UserId): Pin | undefined;
  all(): readonly Pin[];
  save(pin: Pin): void;
}

export interface TrustEvents {
  /** A server shows another identity for somebody who is pinned: nothing is sent to them until the user accepts it. */
  identityChanged?(name: string): void;
}

/**
 * Trust on first use: the first identity that is met under a name is pinned, and another one under the same name, or by the
 * same user, is refused until the user accepts it by hand. A server that swaps a key is found out, except at the very first
 * meeting; comparing safety numbers closes that gap.
 */
export class Trust {
  readonly #pins: PinStore;
  readonly #identities: IdentityCache;
  readonly #events: TrustEvents;
  #version = 0;

  constructor(pins: PinStore, identities: IdentityCache, events: TrustEvents = {}) {
    this.#pins = pins;
    this.#identities = identities;
    this.#events = events;
  }

  /** Grows with every change of a pin: what was derived from pins holds as long as this stays the same. */
  get version(): number {
    return this.#version;
  }

  /** A server says that this user has this identity; false when another one is pinned. */
  meet(user: UserId, identity: PublicIdentity): boolean {
    const pin = this.#pins.byName(identity.name) ?? this.#pins.byUser(user);
    if (!pin) {
      this.#save({ name: identity.name, user, identity: identity.bytes, verified: false, former: [] });
      return true;
    }
    if (pin.user === user && equalBytes(pin.identity, identity.bytes)) {
      // The server no longer claims the other identity that it showed meanwhile, and nobody has accepted that.
      if (pin.changed) this.#save({ ...pin, changed: undefined });
      return true;
    }
    const isNews = !pin.changed || !equalBytes(pin.changed.identity, identity.bytes);
    if (isNews) this.#save({ ...pin, changed: { user, identity: identity.bytes } });
    if (isNews) this.#events.identityChanged?.(pin.name);
    return false;
  }

  /**
   * The identity with this fingerprint that was pinned for a user, now or before; undefined when none was, and `changed`
   * when others have been pinned.
   */
  identityOf(user: UserId, fingerprint: Uint8Array): PublicIdentity | "changed" | undefined {
    const pin = this.#pins.byUser(user);
    if (!pin) return undefined;
    const bytes = bytesOf(pin, fingerprint);
    const identity = bytes && this.#identities.open(bytes);
    return identity?.ok ? identity.value : "changed";
  }

  /** The names of those members whose changed identity the user has to accept before anything is sent to them. */
  concerns(members: Iterable<readonly [UserId, { readonly fingerprint: Uint8Array }]>): string[] {
    const names: string[] = [];
    for (const [user, { fingerprint }] of members) {
      const pin = this.#pins.byUser(user);
      if (pin && (pin.changed || !bytesOf(pin, fingerprint))) names.push(pin.name);
    }
    return names;
  }

  /** The name of a user; their number, as "user 7", if this account has not met them. */
  nameOf(user: UserId): string {
    return this.#pins.byUser(user)?.name ?? `user ${user}`;
  }

  pinOf(name: string): Pin | undefined {
    return this.#pins.byName(name);
  }

  list(): readonly Pin[] {
    return this.#pins.all();
  }

  /** The user has compared safety numbers with them; false when nobody of this name is pinned, or another identity waits. */
  verify(name: string): boolean {
    const pin = this.#pins.byName(name);
    if (!pin || pin.changed) return false;
    this.#save({ ...pin, verified: true });
    return true;
  }

  /** Pins the identity that a server has shown since, unverified; false when there is none. */
  accept(name: string): boolean {
    const pin = this.#pins.byName(name);
    if (!pin?.changed) return false;
    const { user, identity } = pin.changed;
    this.#save({ name, user, identity, verified: false, former: [pin.identity, ...pin.former], changed: undefined });
    return true;
  }

  #save(pin: Pin): void {
    this.#pins.save(pin);
    this.#version++;
  }
}

/** The identity with this fingerprint that is or was pinned. */
function bytesOf({ identity, former }: Pin, fingerprint: Uint8Array): Uint8Array | undefined {
  return [identity, ...former].find((bytes) => equalBytes(fingerprintOf(bytes), fingerprint));
}

/** Pins that are forgotten with the program. */
export function memoryPins(): PinStore {
  const pins = new Map<string, Pin>();
  return {
    byName: (name) => pins.get(name),
    byUser: (user) => [...pins.values()].find((pin) => pin.user === user),
    all: () => [...pins.values()],
    save: (pin) => void pins.set(pin.name, pin),
  };
}
