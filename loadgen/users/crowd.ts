import { deploymentUrl, IdentityCache, type IdentityKeyPairs, type TlsTrust } from "../../core/client/index.ts";
import { backOffMs } from "../../core/platform/back-off.ts";
import { type Clock, sleep } from "../../core/platform/clock.ts";
import { Failure } from "../../core/platform/failure.ts";
import type { Random } from "../../core/platform/random.ts";
import type { Result } from "../../core/platform/result.ts";
import type { GroupId } from "../../core/wire/ids.ts";
import type { Reader } from "../audit/read-again.ts";
import { type ClientIndex, type Population, threadOf } from "../workload/population.ts";
import type { Workload } from "../workload/workload.ts";
import type { Accounts } from "./accounts.ts";
import { firstTry, nextTry } from "./entry.ts";
import { sharedKeyPair } from "./shared-key-pairs.ts";
import type { SimulatedUser, UserSetup } from "./simulated-user.ts";

/** How many are under way at once: enough to keep a server busy, few enough to stay within its queues. */
const connectsAtOnce = 32;
const foundsAtOnce = 8;
const refreshesAtOnce = 16;
const connectRetries = { msMin: 200, msMax: 2000, jitter: "full" } as const;
const joinMsMax = 30_000;
/** How many sockets to one server a loopback address has ports for. */
const socketsPerAddress = 20_000;

/** Which users a thread simulates, and on which deployment. */
export interface CrowdSetup {
  readonly thread: number;
  readonly workload: Workload;
  /** `host:port` of the deployment. */
  readonly target: string;
  /** For a deployment behind TLS. */
  readonly tls?: TlsTrust | undefined;
  readonly accounts: Accounts;
  readonly keyPairs: readonly IdentityKeyPairs[];
}

/** What a crowd needs of a user. */
export interface CrowdUser extends Pick<SimulatedUser, "index" | "name" | "user" | "welcome" | "connect"> {
  readonly stays: ReadonlyMap<GroupId, unknown>;
  readonly client: {
    createGroup(of: {
      readonly title: string;
      readonly members: readonly string[];
    }): Promise<Result<{ readonly group: GroupId }, { readonly detail: string }>>;
    conversation(group: GroupId): { refresh(): Promise<Result<unknown, { readonly detail: string }>> };
    close(): Promise<void>;
  };
}

export interface CrowdParts<User> {
  readonly observation: { readonly stays: number; readonly observers: ReadonlyMap<GroupId, unknown> };
  readonly clock: Clock;
  readonly random: Random;
  newUser(setup: UserSetup): User;
}

/** The simulated users of one thread. */
export class Crowd<User extends CrowdUser> {
  readonly users = new Map<ClientIndex, User>();
  /** The ids of the founded groups, by their number in the population. */
  #groupIds: ReadonlyMap<number, GroupId> = new Map();
  readonly #setup: CrowdSetup;
  readonly #population: Population;
  readonly #parts: CrowdParts<User>;
  readonly #identities = new IdentityCache();

  constructor(setup: CrowdSetup, population: Population, parts: CrowdParts<User>) {
    this.#setup = setup;
    this.#population = population;
    this.#parts = parts;
  }

  isMine(client: ClientIndex): boolean {
    return threadOf(client, this.#setup.workload.threads) === this.#setup.thread;
  }

  /** Signs all users up, or logs them in. */
  async connect(): Promise<void> {
    const { clients, rampSeconds } = this.#setup.workload;
    const mine = Array.from({ length: clients }, (_, client) => client).filter((client) => this.isMine(client));
    const began = this.#parts.clock.monotonic();
    await eachAtOnce(mine, connectsAtOnce, async (index) => {
      const waitMs = began + (rampSeconds * 1000 * index) / clients - this.#parts.clock.monotonic();
      if (waitMs > 0) await sleep(this.#parts.clock, waitMs);
      await this.#connectUser(index);
    });
  }

  /** Founds the planned groups whose founder is this thread's. */
  async found(): Promise<ReadonlyMap<number, GroupId>> {
    const founded = new Map<number, GroupId>();
    const mine = this.#population.groups
      .map(({ founder, members }, number) => ({ founder, members, number }))
      .filter(({ founder }) => this.isMine(founder));
    await eachAtOnce(mine, foundsAtOnce, async ({ founder, members, number }) => {
      const names = members.slice(1).map((member) => this.nameOf(member));
      const conversation = await this.userAt(founder).client.createGroup({ title: `group ${number}`, members: names });
      if (!conversation.ok)
        throw couldNot("found_group", `group ${number} cannot be founded: ${conversation.reason.detail}`);
      founded.set(number, conversation.value.group);
    });
    return founded;
  }

  /** Waits until all users are members of their groups, and can write there. */
  async join(groupIds: ReadonlyMap<number, GroupId>): Promise<void> {
    this.#groupIds = groupIds;
    let wanted = 0;
    for (const { members } of this.#population.groups) wanted += members.filter((member) => this.isMine(member)).length;
    const deadline = this.#parts.clock.monotonic() + joinMsMax;
    while (this.#parts.observation.stays < wanted) {
      if (this.#parts.clock.monotonic() > deadline) {
        throw couldNot(
          "join_group",
          `${wanted - this.#parts.observation.stays} clients are not yet members of their groups`,
        );
      }
      await sleep(this.#parts.clock, 20);
    }
    if (this.#setup.workload.encryption.mode === "real") await this.#takeKeys();
  }

  /** The user of one of this thread's clients. */
  userAt(client: ClientIndex): User {
    const user = this.users.get(client);
    if (!user) throw new Error(`client ${client} is another thread's, or has not connected`);
    return user;
  }

  /** The group with this number in the population. */
  groupAt(number: number): GroupId {
    const group = this.#groupIds.get(number);
    if (group === undefined) throw new Error(`group ${number} has not been founded`);
    return group;
  }

  nameOf(client: ClientIndex): string {
    return `${this.#setup.accounts.namePrefix}${client}`;
  }

  /** Users, as few as possible, who together are members of all groups that this thread's users are in. */
  readers(): Reader[] {
    const uncovered = new Set<GroupId>(this.#parts.observation.observers.keys());
    const chosen: Reader[] = [];
    for (const user of [...this.users.values()].sort((a, b) => b.stays.size - a.stays.size)) {
      const groups = [...user.stays.keys()].filter((group) => uncovered.has(group));
      if (groups.length === 0 || !user.welcome) continue;
      for (const group of groups) uncovered.delete(group);
      chosen.push({ client: user.index, user: user.user, token: user.welcome.token, groups });
    }
    return chosen;
  }

  async close(): Promise<void> {
    await Promise.all([...this.users.values()].map(({ client }) => client.close()));
  }

  async #connectUser(index: ClientIndex): Promise<void> {
    const { target, tls, accounts, keyPairs, workload } = this.#setup;
    const openShare = workload.encryption.mode === "real" ? workload.encryption.openShare : 0;
    const user = this.#parts.newUser({
      index,
      name: this.nameOf(index),
      target,
      tls,
      accounts,
      keyPairs: sharedKeyPair(keyPairs, index),
      identities: this.#identities,
      random: this.#parts.random.fork(),
      localAddress: this.#localAddress(index),
      opens: () => this.#parts.random.unit() < openShare,
    });
    this.users.set(index, user);
    for (let attempt = firstTry(accounts.kind === "signUp" ? "signUp" : "logIn"); ; ) {
      const welcome = await user.connect(attempt.entry);
      if (welcome.ok) return;
      const { code, detail, retryAfterMs } = welcome.reason;
      const next = nextTry(attempt, code);
      if (!next) throw couldNot(code, `user ${user.name} cannot get in: ${detail}`);
      const { clock, random } = this.#parts;
      await sleep(clock, (retryAfterMs ?? 0) + backOffMs(attempt.number, connectRetries, random));
      attempt = next;
    }
  }

  /** Fetches the groups' keys before the load begins: a person who has a group on the screen has its key, too. */
  async #takeKeys(): Promise<void> {
    const conversations = [...this.users.values()].flatMap((user) =>
      [...user.stays.keys()].map((group) => ({ user, group })),
    );
    await eachAtOnce(conversations, refreshesAtOnce, async ({ user, group }) => {
      const ready = await user.client.conversation(group).refresh();
      if (!ready.ok) throw couldNot("read_group", `user ${user.name}: ${ready.reason.detail}`);
    });
  }

  #localAddress(index: ClientIndex): string | undefined {
    const { target, workload } = this.#setup;
    const { hostname } = deploymentUrl(target);
    if (!/^(127\.|localhost$)/.test(hostname) || workload.clients <= socketsPerAddress) return undefined;
    return `127.0.${1 + Math.floor(index / socketsPerAddress)}.1`;
  }
}

function couldNot(code: string, what: string): Failure {
  return new Failure(code, what, "look at the servers' log; lower the load if they were busy");
}

/** Does the work for every item, for at most `atOnce` of them at a time. */
async function eachAtOnce<T>(items: readonly T[], atOnce: number, work: (item: T) => Promise<void>): Promise<void> {
  // All workers take from one iterator.
  const rest = items.values();
  const worker = async () => {
    for (const item of rest) await work(item);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}
