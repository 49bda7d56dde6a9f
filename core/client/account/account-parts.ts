import type { IdentityKeyPairs } from "../../e2ee/identity.ts";
import type { Stretching } from "../../e2ee/opaque-client.ts";
import type { RsaWorker } from "../../e2ee/rsa-fernet.ts";
import type { Clock } from "../../platform/clock.ts";
import type { Random } from "../../platform/random.ts";
import type { OpenSocket } from "../socket/socket.ts";
import type { TlsTrust } from "../socket/tls-trust.ts";
import type { OpaqueClient } from "./authenticate.ts";
import type { Profiles } from "./profile.ts";

/** The slow computations of a person's client: in the calling thread, or in the pool. */
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
  /** The account goes online for a moment only, and the strategy does not count it. */
  readonly isVisit?: boolean;
}

/** An account's user and deployment, and its profile's name at this machine. */
export interface AccountAddress {
  readonly profile: string;
  /** `host:port`, or a URL. */
  readonly server: string;
  readonly trust: TlsTrust;
  /** The user's name as typed. */
  readonly user: string;
}
