import { randomBytes } from "node:crypto";
import { fernetKeyBytes } from "../../core/e2ee/fernet.ts";
import { type UnwrapJob, wrapKey } from "../../core/e2ee/key-wrap.ts";
import {
  clientTasksFile,
  finishLogin,
  finishRegistration,
  generateKeys,
  PooledClientCrypto,
  wrapsPerTask,
} from "../../core/e2ee/offload/client-tasks.ts";
import { opaqueTasksFile, pooledOpaque } from "../../core/e2ee/offload/opaque-tasks.ts";
import { type Stretching, startLogin, startRegistration } from "../../core/e2ee/opaque-client.ts";
import { createOpaqueSecret, type OpaqueServer, opaqueServer } from "../../core/e2ee/opaque-server.ts";
import { inlineRsa } from "../../core/e2ee/rsa-inline.ts";
import { Pool, poolThreads } from "../../core/platform/pool.ts";
import { type Result, valueOf } from "../../core/platform/result.ts";
import { contextOf, type MicroPeople, wrapJobs } from "./people.ts";
import type { MicroArm, MicroSubject } from "./rounds.ts";

export interface InlineAndPoolOptions {
  readonly wrapBatches: readonly number[];
  /** Members of a group that gets a new key, and the numbers of wraps that go into one task. */
  readonly groupMembers: number;
  readonly wrapsPerTask: readonly number[];
  /** Whether slow operations are measured, too: key generation, and stretching a real password. */
  readonly slow: boolean;
}

export const poolGroup = "inline and pool";
export const batchGroup = "wraps in one batch";
export const taskGroup = "wraps in one task";
export const sameGroup = "the same twice";

/** How many calls are under way together where calls a second are measured. */
const atOnce = 16;

/** For operations that take a good part of a second. */
const slow = { callsPerRound: 3, roundsMax: 4 };

const password = "correct horse battery staple";
const user = "alice";

/** The operations that the pools offer, done in the calling thread and in the pools' threads. */
export class InlineAndPool {
  readonly #clientPool: Pool;
  readonly #serverPool: Pool;
  readonly #people: MicroPeople;
  readonly #options: InlineAndPoolOptions;
  readonly #opaqueSecret: string;

  private constructor(people: MicroPeople, opaqueSecret: string, options: InlineAndPoolOptions) {
    const pool = { threadsMax: poolThreads(), queueMax: 1000 };
    this.#people = people;
    this.#options = options;
    this.#opaqueSecret = opaqueSecret;
    this.#clientPool = new Pool({ filename: clientTasksFile, ...pool });
    this.#serverPool = new Pool({ filename: opaqueTasksFile, ...pool, workerData: { opaqueSecret } });
  }

  static async open(people: MicroPeople, options: InlineAndPoolOptions): Promise<InlineAndPool> {
    return new InlineAndPool(people, await createOpaqueSecret(), options);
  }

  async close(): Promise<void> {
    await Promise.all([this.#clientPool.close(), this.#serverPool.close()]);
  }

  async subjects(): Promise<MicroSubject[]> {
    return [...(await this.#operations()), ...this.#batches(), ...this.#tasks(), this.#sameTwice()];
  }

  async #operations(): Promise<MicroSubject[]> {
    const pooled = new PooledClientCrypto(() => this.#clientPool);
    const unwrap = this.#unwrapJob();
    const here = await opaqueServer(this.#opaqueSecret);
    const there = pooledOpaque(this.#serverPool);
    const simulated = await opaqueSteps(here, "simulated");
    return [
      ...(this.#options.slow ? [generation(pooled)] : []),
      offered(
        "unwrap",
        async () => valueOf(await inlineRsa.unwrap(unwrap)),
        async () => valueOf(await pooled.unwrap(unwrap)),
      ),
      ...(this.#options.slow ? stretchings(pooled, await opaqueSteps(here, "interactive"), slow) : []),
      ...stretchings(pooled, simulated),
      ...serverSteps(here, there, simulated),
    ];
  }

  #batches(): MicroSubject[] {
    const { wrapBatches } = this.#options;
    const jobs = wrapJobs(this.#people, randomBytes(fernetKeyBytes), Math.max(...wrapBatches));
    const pooled = new PooledClientCrypto(() => this.#clientPool, { inlineWrapsMax: 0, wrapsPerTask });
    return wrapBatches.map((size) => {
      const batch = jobs.slice(0, size);
      return {
        group: batchGroup,
        operation: "wrap",
        size,
        arms: [
          { name: "inline", call: () => inlineRsa.wrap(batch) },
          { name: "pool", call: () => pooled.wrap(batch) },
        ],
      };
    });
  }

  /** A group's new key, in tasks of different sizes; the program's own size comes first. */
  #tasks(): MicroSubject[] {
    const { groupMembers, wrapsPerTask: sizes } = this.#options;
    const jobs = wrapJobs(this.#people, randomBytes(fernetKeyBytes), groupMembers);
    const arm = (size: number): MicroArm => {
      const pooled = new PooledClientCrypto(() => this.#clientPool, { inlineWrapsMax: 0, wrapsPerTask: size });
      return { name: String(size), call: () => pooled.wrap(jobs) };
    };
    const others = sizes.filter((size) => size !== wrapsPerTask);
    return [
      {
        group: taskGroup,
        operation: "a new key for a group",
        size: groupMembers,
        arms: [wrapsPerTask, ...others].map(arm),
      },
    ];
  }

  /** One operation compared with itself: differences as small as these show nothing. */
  #sameTwice(): MicroSubject {
    const pooled = new PooledClientCrypto(() => this.#clientPool);
    const unwrap = this.#unwrapJob();
    const call = async () => valueOf(await pooled.unwrap(unwrap));
    return {
      group: sameGroup,
      operation: "unwrap in the pool",
      arms: [
        { name: "once", call },
        { name: "again", call },
      ],
    };
  }

  #unwrapJob(): UnwrapJob {
    const { alice } = this.#people;
    const context = contextOf(alice);
    const wrapped = wrapKey({ ...context, publicKey: alice.public.wrapping, key: randomBytes(fernetKeyBytes) });
    return { ...context, privateKey: alice.wrappingKey, wrapped };
  }
}

type Call = () => Promise<unknown>;

/** One call at a time, inline and in the pool, and many at once in the pool: a single call waits for the way there and back. */
function offered(operation: string, inline: Call, pool: Call, how?: typeof slow): MicroSubject {
  return {
    group: poolGroup,
    operation,
    ...(how && { roundsMax: how.roundsMax }),
    arms: [
      { name: "inline", call: inline, ...how },
      { name: "pool", call: pool, ...how },
      ...(how ? [] : [{ name: "pool, many", call: pool, atOnce }]),
    ],
    prove: async () => {
      await inline();
      await pool();
    },
  };
}

/** Key generation, which Node does in threads of its own also when it is called inline: two calls at once show it. */
function generation(pooled: PooledClientCrypto): MicroSubject {
  const inline = () => generateKeys();
  const pool = () => pooled.generateKeys();
  return {
    group: poolGroup,
    operation: "generateKeys",
    roundsMax: slow.roundsMax,
    arms: [
      { name: "inline", call: inline, ...slow },
      { name: "pool", call: pool, ...slow },
      { name: "inline, many", call: inline, atOnce: 2, callsPerRound: 1 },
      { name: "pool, many", call: pool, atOnce: 2, callsPerRound: 1 },
    ],
    prove: pool,
  };
}

function stretchings(pooled: PooledClientCrypto, steps: OpaqueSteps, how?: typeof slow): MicroSubject[] {
  const registration = [password, steps.registering.state, steps.registrationAnswer, steps.effort] as const;
  const login = [password, steps.loggingIn.state, steps.loginAnswer.message, steps.effort] as const;
  return [
    offered(
      `finishRegistration, ${steps.effort}`,
      async () => valueOf(await finishRegistration([...registration])),
      async () => valueOf(await pooled.finishRegistration(...registration)),
      how,
    ),
    offered(
      `finishLogin, ${steps.effort}`,
      async () => valueOf(await finishLogin([...login])),
      async () => valueOf(await pooled.finishLogin(...login)),
      how,
    ),
  ];
}

function serverSteps(here: OpaqueServer, there: OpaqueServer, steps: OpaqueSteps): MicroSubject[] {
  const step = (name: string, ask: (server: OpaqueServer) => Promise<Result<unknown, unknown>>) =>
    offered(
      `server ${name}`,
      async () => valueOf(await ask(here)),
      async () => valueOf(await ask(there)),
    );
  return [
    step("registrationResponse", (server) => server.registrationResponse(user, steps.registering.message)),
    step("startLogin", (server) => server.startLogin(user, steps.record, steps.loggingIn.message)),
    step("finishLogin", (server) => server.finishLogin(steps.loginAnswer.state, steps.loginFinish)),
  ];
}

/** Every message of a registration and a login: OPAQUE's steps are pure, and can be repeated. */
async function opaqueSteps(server: OpaqueServer, effort: Stretching) {
  const registering = await startRegistration(password);
  const registrationAnswer = valueOf(await server.registrationResponse(user, registering.message));
  const { message: record } = valueOf(
    await finishRegistration([password, registering.state, registrationAnswer, effort]),
  );
  const loggingIn = await startLogin(password);
  const loginAnswer = valueOf(await server.startLogin(user, record, loggingIn.message));
  const { message: loginFinish } = valueOf(await finishLogin([password, loggingIn.state, loginAnswer.message, effort]));
  return { effort, registering, registrationAnswer, record, loggingIn, loginAnswer, loginFinish };
}
type OpaqueSteps = Awaited<ReturnType<typeof opaqueSteps>>;
