import {
  type Client,
  type Content,
  createClient,
  createIdentity,
  dialAssigned,
  type IdentityCache,
  type IdentityKeyPairs,
  inlineCrypto,
  logIn,
  openLeanSocket,
  patienceUnderLoad,
  type RequestRefusal,
  type SendOutcome,
  signUp,
  type TlsTrust,
  type Welcome,
} from "../../core/client/index.ts";
import { systemClock } from "../../core/platform/clock.ts";
import type { Random } from "../../core/platform/random.ts";
import { accepted, type Result } from "../../core/platform/result.ts";
import type { DeliverCursor } from "../../core/wire/deliver-frame.ts";
import type { ClientMessageId, GroupId, UserId } from "../../core/wire/ids.ts";
import { canonicalUserName } from "../../core/wire/user-name.ts";
import type { Stay } from "../audit/group-observer.ts";
import type { Network } from "../audit/read-again.ts";
import type { ClientIndex } from "../workload/population.ts";
import type { Accounts } from "./accounts.ts";
import type { Entry } from "./entry.ts";

/** What a simulated user calls in its thread. */
export interface UserEvents {
  joined(user: SimulatedUser, group: GroupId, after: number): void;
  left(user: SimulatedUser, group: GroupId): void;
  delivered(user: SimulatedUser, group: GroupId, message: DeliverCursor): void;
  /** A message arrived of a group of which the user is not a member. */
  strayed(user: SimulatedUser, group: GroupId): void;
  unreadable(user: SimulatedUser, group: GroupId, detail: string): void;
  missing(user: SimulatedUser, group: GroupId, from: number, through: number): void;
}

export interface UserSetup {
  readonly index: ClientIndex;
  readonly name: string;
  readonly target: string;
  readonly tls: TlsTrust | undefined;
  readonly accounts: Accounts;
  readonly keyPairs: IdentityKeyPairs;
  readonly identities: IdentityCache;
  readonly random: Random;
  readonly localAddress: string | undefined;
  opens(): boolean;
}

const outboxMax = 10_000;

/** A user with a client of the real library, and what the simulation must know of them. */
export class SimulatedUser {
  readonly index: ClientIndex;
  readonly client: Client;
  readonly name: string;
  readonly stays = new Map<GroupId, Stay>();
  /**
   * Since when the user has been online without a break, on the shared clock. Messages that were due before were caught up with.
   */
  onlineSinceMs = 0;
  /** Whether the user is disconnected on purpose. */
  away = false;
  welcome: Welcome | undefined;
  readonly #setup: UserSetup;

  constructor(
    setup: UserSetup,
    events: UserEvents,
    { dial = dialAssigned(setup.target, setup.tls), open = openLeanSocket, clock = systemClock }: Partial<Network> = {},
  ) {
    this.#setup = setup;
    this.index = setup.index;
    this.name = setup.name;
    this.client = createClient(
      {
        dial,
        open,
        clock,
        random: setup.random,
        patience: patienceUnderLoad,
        rsa: inlineCrypto,
        identities: setup.identities,
        socket: { tls: setup.tls, localAddress: setup.localAddress },
      },
      {
        outboxMax,
        pinning: false,
        opens: () => setup.opens(),
      },
      {
        connection: (state) => {
          if (state === "online") this.onlineSinceMs = clock.monotonic();
        },
        joined: (group) => events.joined(this, group.id, group.feed.next - 1),
        left: (group) => events.left(this, group),
        delivered: (group, message) => events.delivered(this, group, message),
        strayed: (group) => events.strayed(this, group),
        missing: (group, from, through) => events.missing(this, group, from, through),
        unreadable: ({ group, fault, detail }) =>
          events.unreadable(this, group, detail ? `${fault}: ${detail}` : fault),
        logRefused: (group, detail) => events.unreadable(this, group, `log refused: ${detail}`),
      },
    );
  }

  get user(): UserId {
    const { user } = this.client;
    if (user === undefined) throw new Error(`${this.name} has not logged in`);
    return user;
  }

  /** Signs up or logs in. */
  async connect(entry: Entry): Promise<Result<Welcome, RequestRefusal>> {
    const { accounts, keyPairs } = this.#setup;
    const canonical = canonicalUserName(this.name);
    const identity = createIdentity(canonical.ok ? canonical.value : this.name, keyPairs);
    const credentials = { name: this.name, password: accounts.password, effort: "simulated" } as const;
    const how = entry === "signUp" ? signUp(inlineCrypto, credentials, identity) : logIn(inlineCrypto, credentials);
    const welcome = await this.client.logIn(identity, how);
    if (welcome.ok) this.welcome = welcome.value;
    return welcome;
  }

  /** Sends a sealed message. */
  sendSealed(group: GroupId, content: Content, id: ClientMessageId, settled: (outcome: SendOutcome) => void) {
    return this.client.send(group, content, settled, id);
  }

  /** Sends bytes as they are, in place of a sealed message. */
  sendBytes(group: GroupId, payload: Uint8Array, id: ClientMessageId, settled: (outcome: SendOutcome) => void) {
    return this.client.mailbox.send({ group, id, seal: ({ epoch }) => accepted({ epoch, payload }) }, settled);
  }

  leaveNetwork(): void {
    this.away = true;
    this.client.mailbox.goOffline();
  }

  comeBack(): void {
    this.away = false;
    this.client.mailbox.goOnline();
  }
}
