import { randomInt } from "node:crypto";
import { generateIdentityKeys } from "../../e2ee/identity.ts";
import { clientTasksFile, PooledClientCrypto } from "../../e2ee/offload/client-tasks.ts";
import type { Stretching } from "../../e2ee/opaque-client.ts";
import * as opaque from "../../e2ee/opaque-client.ts";
import { inlineRsa } from "../../e2ee/rsa-inline.ts";
import { systemClock } from "../../platform/clock.ts";
import { Failure } from "../../platform/failure.ts";
import type { Pool } from "../../platform/pool.ts";
import { seededRandom } from "../../platform/random.ts";
import { openLeanSocket } from "../socket/lean-socket.ts";
import type { ClientCrypto, LocalAccountParts } from "./account-parts.ts";
import { Profiles } from "./profile.ts";

/** Tasks that wait for the pool at most. */
const queueMax = 1000;

export interface ThisMachineOptions {
  /** By default the pool's threads, so that no keystroke waits for a computation. */
  readonly crypto?: ClientCrypto;
  /** How much a guess at a password costs: `interactive` by default. */
  readonly effort?: Stretching;
}

/** All computations in the calling thread. */
export const inlineCrypto: ClientCrypto = { ...opaque, ...inlineRsa, generateKeys: generateIdentityKeys };

/** What a person's accounts need of their machine. */
export class ThisMachine {
  readonly parts: LocalAccountParts;
  #pool: Promise<Pool> | undefined;

  constructor(home: string, { crypto, effort = "interactive" }: ThisMachineOptions = {}) {
    this.parts = {
      profiles: new Profiles(home),
      crypto: crypto ?? this.#pooledCrypto(),
      open: openLeanSocket,
      clock: systemClock,
      random: seededRandom(randomInt(2 ** 32)),
      effort,
    };
  }

  /** The name of a profile that exists: this one, or the only one. */
  choose(profile: string | undefined): string {
    const { profiles } = this.parts;
    // Fails for an unknown profile before the user is asked for its password.
    if (profile !== undefined && profiles.named(profile)) return profile;
    const known = profiles.list();
    const [only] = known;
    if (only !== undefined && known.length === 1) return only;
    if (only !== undefined)
      throw new Failure("profile_needed", `there are several profiles: ${known.join(", ")}`, "name one with --profile");
    throw new Failure("profile_unknown", "this machine knows no account yet", "fastchat account sign-up, or log-in");
  }

  async close(): Promise<void> {
    await (await this.#pool)?.close();
  }

  /** Computes in a pool that is made for the first task. */
  #pooledCrypto(): ClientCrypto {
    return new PooledClientCrypto(() => {
      this.#pool ??= openPool();
      return this.#pool;
    });
  }
}

async function openPool(): Promise<Pool> {
  const { Pool, poolThreads } = await import("../../platform/pool.ts");
  return new Pool({ filename: clientTasksFile, threadsMin: 0, threadsMax: poolThreads(), queueMax });
}
