import { pickOne, type Random, seededRandom } from "../../../platform/random.ts";
import type { connect, Database } from "../../../store/database.ts";
import { insertSession } from "../../../store/sessions.ts";
import { FakeClock } from "../../../testing/fake-clock.ts";
import { HeldClient, type PublishedTo } from "../../../testing/held/held-client.ts";
import { heldDatabase } from "../../../testing/held/held-database.ts";
import { heldLink } from "../../../testing/held/held-links.ts";
import { HeldServer } from "../../../testing/held/held-server.ts";
import { HeldSteps } from "../../../testing/held/held-steps.ts";
import { present } from "../../../testing/present.ts";
import { messageTypes } from "../../../wire/send-frame.ts";
import { refreshRevoked } from "../../assemble.ts";
import { ClientActions, type Someone } from "./client-actions.ts";
import { StoredGroups } from "./stored-groups.ts";

/** What disturbs a run, besides its order. */
export interface Weather {
  readonly servers: number;
  /** The share of frames that the bus loses, of those that the sweep makes up for. */
  readonly lossShare: number;
  /** Servers end in the middle of their work, and others start in their place. */
  readonly crashes: boolean;
  /** The share of queries and transactions that find the database away. */
  readonly awayShare: number;
}

export interface WorldParts {
  readonly people: readonly Someone[];
  readonly database: Database;
  readonly writerConnection: Awaited<ReturnType<typeof connect>>;
}

/** Servers on one database, and clients that act at random; every answer and every frame between servers is a held step. */
export class World {
  readonly random: Random;
  readonly steps: HeldSteps;
  readonly servers: HeldServer[] = [];
  readonly clients: HeldClient[] = [];
  readonly stored: StoredGroups;
  /** Ids of the sessions that have been logged out. */
  readonly ended: Uint8Array[] = [];
  /** Messages that a client must not have got, and groups that a list must not have left out. */
  readonly breaches: string[] = [];
  readonly #clock = new FakeClock(Date.now());
  readonly #weather: Weather;
  readonly #parts: WorldParts;
  readonly #actions: ClientActions;
  #started = 0;
  #isResting = false;

  constructor(seed: number, weather: Weather, parts: WorldParts) {
    this.random = seededRandom(seed);
    this.steps = new HeldSteps(this.random.fork());
    this.stored = new StoredGroups(parts.database);
    this.#weather = weather;
    this.#parts = parts;
    this.#actions = new ClientActions({ random: this.random, people: parts.people, stored: this.stored });
  }

  /** Whether nothing gets lost, so that nothing has to be made up for. */
  get isCalm(): boolean {
    const { lossShare, crashes, awayShare } = this.#weather;
    return lossShare === 0 && !crashes && awayShare === 0;
  }

  async start(): Promise<void> {
    for (let i = 0; i < this.#weather.servers; i++) await this.#startServer(i);
    for (let i = 0; i < 3; i++) await this.#connect();
  }

  /** Something that a client or a server does by itself. */
  async act(): Promise<void> {
    await this.steps.settle();
    const actions: readonly (readonly [weight: number, act: () => Promise<void> | void])[] = [
      [6, () => this.#connect()],
      [3, () => this.#ofSomebody((client) => client.disconnect())],
      [1, () => this.#ofSomebody((client) => this.#logOut(client))],
      [10, () => this.#ofSomebody((client) => this.#list(client))],
      [8, () => this.#ofSomebody((client) => this.#actions.ask(client))],
      [20, () => this.#ofSomebody((client) => this.#actions.watch(client))],
      [8, () => this.#ofSomebody((client) => this.#actions.send(client))],
      [10, () => this.#ofSomebody((client) => this.#actions.change(client))],
      [4, () => this.#ofSomebody((client) => this.#actions.found(client))],
      [2, () => pickOne(this.random, this.servers).context.presence.flush()],
      [this.isCalm ? 0 : 4, () => void pickOne(this.random, this.servers).sweep.run()],
      [this.isCalm ? 0 : 2, () => void refreshRevoked(pickOne(this.random, this.servers).context)],
      [2, () => this.#growIdle()],
      [this.#weather.crashes ? 1 : 0, () => this.#crash()],
    ];
    let drawn = this.random.unit() * actions.reduce((sum, [weight]) => sum + weight, 0);
    const chosen = actions.find(([weight]) => (drawn -= weight) < 0);
    await chosen?.[1]();
  }

  /** Lets all steps happen, and every server sweep, if anything may have got lost. */
  async comeToRest(): Promise<void> {
    await this.steps.all();
    this.#isResting = true;
    for (const client of this.clients) if (client.isAlive) this.#askAgain(client);
    await this.steps.all();
    for (let round = 0; round < 4; round++) {
      for (const { sweep, context } of this.servers) {
        if (!this.isCalm) {
          void sweep.run();
          void refreshRevoked(context);
          await this.steps.all();
        }
        context.presence.flush();
        await this.steps.all();
      }
    }
  }

  /** A client asks again, since the database was away, whether or not it got an error. */
  #askAgain(client: HeldClient): void {
    if (this.#weather.awayShare === 0) return;
    this.#list(client);
    for (const group of client.online.keys()) client.post({ kind: "open", group });
  }

  async #startServer(index: number): Promise<void> {
    const server = await HeldServer.start(`s${this.#started++}`, {
      steps: this.steps,
      database: heldDatabase(this.#parts.database, this.steps, {
        committed: () => this.stored.read(),
        isAway: () => !this.#isResting && this.random.unit() < this.#weather.awayShare,
      }),
      writerConnection: this.#parts.writerConnection,
      clock: this.#clock,
      // A clock that stands still, so that no bus gives up on a peer.
      busClock: new FakeClock(),
      limits: {
        connectionsMax: 1000,
        sends: { burst: 1e6, perSecond: 1e6 },
        logins: { burst: 10, perSecond: 1 },
      },
    });
    const before = this.servers[index];
    for (const other of this.servers) {
      if (other === before) continue;
      const [here, there] = heldLink(this.steps, (kind) => this.#isLost(kind));
      server.bus.addPeer(other.bus.self, here);
      other.bus.addPeer(server.bus.self, there);
    }
    this.servers[index] = server;
  }

  #isLost(kind: string): boolean {
    const madeUpFor = kind === "linkDeliver" || kind === "changed" || kind === "revoked";
    return madeUpFor && this.random.unit() < this.#weather.lossShare;
  }

  async #connect(): Promise<void> {
    const server = pickOne(this.random, this.servers);
    const earlier = this.clients.filter((client) => !this.ended.includes(client.of.id));
    const { session, token } =
      earlier.length > 0 && this.random.unit() < 0.6
        ? tokenOf(pickOne(this.random, earlier))
        : await this.#logIn(server);
    const client = new HeldClient(server, session, token, (message) => this.#published(message));
    this.clients.push(client);
    client.ask({ kind: "resume", token }, (answer) => {
      if (answer.kind !== "welcome") client.endedBy = answer.kind;
      else this.#list(client);
    });
  }

  /** Lists a client's groups: groups of which the user is a member all the time must be on the list. */
  #list(client: HeldClient): void {
    const { user } = client;
    const memberships = () =>
      this.stored.ofMember(user).map(({ id }) => `${id}, last removed at ${this.stored.removedAt(id, user)}`);
    const before = memberships();
    client.list((groups) => {
      for (const membership of memberships().filter((now) => before.includes(now))) {
        const isListed = groups.some((group) => membership.startsWith(`${group},`));
        if (!isListed) this.breaches.push(`the list of user ${user} lacks group ${membership}`);
      }
    });
  }

  async #logIn({ context }: HeldServer): Promise<{ session: HeldClient["of"]; token: Uint8Array }> {
    const { user, identity } = pickOne(this.random, this.#parts.people);
    const { session, token } = context.tokens.issue(user, identity.public.name, this.#clock.now());
    const expiresAt = new Date(session.expiresAt);
    await insertSession(this.#parts.database, { id: session.id, user, expiresAt });
    return { session, token };
  }

  #ofSomebody(act: (client: HeldClient) => Promise<void> | void): Promise<void> | void {
    const alive = this.clients.filter((client) => client.isAlive && client.isListed);
    if (alive.length > 0) return act(pickOne(this.random, alive));
  }

  #logOut(client: HeldClient): void {
    client.ask({ kind: "logOut" }, (answer) => {
      if (answer.kind !== "done") return;
      this.ended.push(client.of.id);
      client.disconnect();
    });
  }

  /** So much time passes that servers forget idle groups. */
  async #growIdle(): Promise<void> {
    await this.#clock.advance(31_000);
    for (const { context } of this.servers) if (this.random.unit() < 0.5) context.groups.forgetIdle();
  }

  /** A server ends at once; the database may still carry out its queries. */
  async #crash(): Promise<void> {
    const index = this.random.below(this.servers.length);
    const server = present(this.servers[index]);
    for (const client of this.clients) if (client.server === server) client.endedBy ??= "crashed";
    server.bus.close();
    for (const other of this.servers) if (other !== server) other.bus.removePeer(server.bus.self);
    await this.#startServer(index);
  }

  #published({ client, group, seq, type }: PublishedTo): void {
    // Of three servers, one may deliver a message before another has announced the removal. And a server checks the sender of a
    // message by what it knows of the group, but that of an entry by the database alone.
    if (!this.isCalm || this.#weather.servers > 2 || type === messageTypes.membership) return;
    const isMember = this.stored.get(group)?.members.has(client.user) ?? false;
    const removedAt = this.stored.removedAt(group, client.user);
    if (!isMember && removedAt !== undefined && seq > removedAt) {
      this.breaches.push(`user ${client.user} left group ${group} at ${removedAt} and got ${seq}`);
    }
  }
}

const tokenOf = ({ of: session, token }: HeldClient) => ({ session, token });
