import { fingerprintOf, type PublicIdentity } from "../../e2ee/public-identity.ts";
import { equalBytes } from "../../wire/bytes.ts";
import type { UserId } from "../../wire/ids.ts";
import type { IdentityCache } from "./identity-cache.ts";

/** Whom a client takes a name for, from the first time that it met them. */
export interface Pin {
  /** Canonical. */
  readonly name: string;
  readonly user: UserId;
  /** Public identity, as it travelled. */
  readonly identity: Uint8Array;
  /** The user has compared safety numbers with them. */
  readonly verified: boolean;
  /** Identities that were pinned before and are good for what was written under them. */
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
  /** A server shows another identity for somebody known: nothing is sent to them until the user accepts it. */
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
  /** Grows with every change: what was derived from pins holds as long as it stays. */
  version = 0;

  constructor(pins: PinStore, identities: IdentityCache, events: TrustEvents = {}) {
    this.#pins = pins;
    this.#identities = identities;
    this.#events = events;
  }

  /** A server says that this user has this identity; false when it is not the one that was met before. */
  meet(user: UserId, identity: PublicIdentity): boolean {
    const pin = this.#pins.byName(identity.name) ?? this.#pins.byUser(user);
    if (!pin) {
      this.#save({ name: identity.name, user, identity: identity.bytes, verified: false, former: [] });
      return true;
    }
    if (pin.user === user && equalBytes(pin.identity, identity.bytes)) {
      // The other one that was shown meanwhile is not claimed any more, and was never taken for theirs.
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

  /** Of these members, the names of those about whom the user has to decide first. */
  concerns(members: Iterable<readonly [UserId, { readonly fingerprint: Uint8Array }]>): string[] {
    const names: string[] = [];
    for (const [user, { fingerprint }] of members) {
      const pin = this.#pins.byUser(user);
      if (pin && (pin.changed || !bytesOf(pin, fingerprint))) names.push(pin.name);
    }
    return names;
  }

  nameOf(user: UserId): string | undefined {
    return this.#pins.byUser(user)?.name;
  }

  pinOf(name: string): Pin | undefined {
    return this.#pins.byName(name);
  }

  list(): readonly Pin[] {
    return this.#pins.all();
  }

  /** The user has compared safety numbers with them; false when nobody of this name was met, or another identity waits. */
  verify(name: string): boolean {
    const pin = this.#pins.byName(name);
    if (!pin || pin.changed) return false;
    this.#save({ ...pin, verified: true });
    return true;
  }

  /** Takes the identity that has been shown since for theirs, not verified; false when there is none. */
  accept(name: string): boolean {
    const pin = this.#pins.byName(name);
    if (!pin?.changed) return false;
    const { user, identity } = pin.changed;
    this.#save({ name, user, identity, verified: false, former: [pin.identity, ...pin.former], changed: undefined });
    return true;
  }

  #save(pin: Pin): void {
    this.#pins.save(pin);
    this.version++;
  }
}

/** The pinned identity that has this fingerprint, of now or before. */
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
