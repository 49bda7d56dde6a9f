import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { noEntryHash } from "../../e2ee/entry-check.ts";
import { signEntry } from "../../e2ee/entry-signing.ts";
import { createIdentity, type Identity } from "../../e2ee/identity.ts";
import { pickOne, type Random, seededRandom } from "../../platform/random.ts";
import { connect, type Database } from "../../store/database.ts";
import { insertSession } from "../../store/sessions.ts";
import { insertUser } from "../../store/users.ts";
import { testSeeds } from "../../testing/chaos.ts";
import { openFreshDatabase } from "../../testing/database.ts";
import { FakeClock } from "../../testing/fake-clock.ts";
import { HeldClient, type PublishedTo } from "../../testing/held/held-client.ts";
import { heldDatabase } from "../../testing/held/held-database.ts";
import { heldLink } from "../../testing/held/held-links.ts";
import { HeldServer } from "../../testing/held/held-server.ts";
import { HeldSteps } from "../../testing/held/held-steps.ts";
import { keyPair } from "../../testing/key-pairs.ts";
import {
  clientMessageId,
  type Epoch,
  firstEpoch,
  type GroupId,
  groupId,
  nextEpoch,
  type Seq,
  seq,
  type UserId,
} from "../../wire/ids.ts";
import { actionsWithNewKey, type MembershipAction, type MembershipEntry } from "../../wire/membership-entry.ts";
import { messageTypes } from "../../wire/send-frame.ts";
import { refreshRevoked } from "../assemble.ts";

/**
 * Whatever a server loads, caches, gathers or reads again is up to date in the end, in whatever order the database answers
 * and the bus brings what others did: real sessions, groups, fan-out, bus and queries, whose every step waits for its turn.
 */
const runs = 25;
const actionsPerRun = 60;

interface Someone {
  readonly user: UserId;
  readonly identity: Identity;
}

/** A group as the database has it. */
interface StoredGroup {
  readonly id: GroupId;
  readonly epoch: Epoch;
  readonly lastSeq: Seq;
  readonly keyed: boolean;
  readonly logLength: number;
  readonly head: Uint8Array;
  readonly members: ReadonlyMap<UserId, { readonly admin: boolean; readonly readSeq: Seq }>;
}

/** What the disturbances of a run are, beside its order. */
interface Weather {
  readonly servers: number;
  /** Frames that the bus loses: those that the sweep makes up for. */
  readonly lossShare: number;
  /** Servers end in the middle of what they do, and others come in their place. */
  readonly crashes: boolean;
  /** Queries and transactions that find the database away. */
  readonly awayShare: number;
}

class World {
  readonly random: Random;
  readonly steps: HeldSteps;
  readonly clock = new FakeClock(Date.now());
  readonly #weather: Weather;
  readonly #people: readonly Someone[];
  readonly #database: Database;
  readonly #writerConnection: Awaited<ReturnType<typeof connect>>;
  readonly #servers: HeldServer[] = [];
  readonly #clients: HeldClient[] = [];
  readonly #ended: Uint8Array[] = [];
  #stored = new Map<GroupId, StoredGroup>();
  /** By group and user: the place of the entry by which they last went. */
  readonly #removedAt = new Map<string, number>();
  readonly #breaches: string[] = [];
  #groups = 0;
  #started = 0;
  #isResting = false;

  constructor(
    seed: number,
    weather: Weather,
    parts: {
      people: readonly Someone[];
      database: Database;
      writerConnection: Awaited<ReturnType<typeof connect>>;
    },
  ) {
    this.random = seededRandom(seed);
    this.steps = new HeldSteps(this.random.fork());
    this.#weather = weather;
    this.#people = parts.people;
    this.#database = parts.database;
    this.#writerConnection = parts.writerConnection;
  }

  /** Nothing gets lost, so nothing has to be made up for. */
  get #isCalm(): boolean {
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
      [8, () => this.#ofSomebody((client) => this.#askAboutAGroup(client))],
      [6, () => this.#ofSomebody((client) => this.#look(client))],
      [8, () => this.#ofSomebody((client) => this.#send(client))],
      [10, () => this.#ofSomebody((client) => this.#change(client))],
      [4, () => this.#ofSomebody((client) => this.#found(client))],
      [2, () => pickOne(this.random, this.#servers).context.presence.flush()],
      [this.#isCalm ? 0 : 4, () => void pickOne(this.random, this.#servers).sweep.run()],
      [this.#isCalm ? 0 : 2, () => void refreshRevoked(pickOne(this.random, this.#servers).context)],
      [2, () => this.#growIdle()],
      [this.#weather.crashes ? 1 : 0, () => this.#crash()],
    ];
    let drawn = this.random.unit() * actions.reduce((sum, [weight]) => sum + weight, 0);
    const chosen = actions.find(([weight]) => (drawn -= weight) < 0);
    await chosen?.[1]();
  }

  /** Everything under way comes to its end, and every server has looked after what it may have missed, if anything. */
  async comeToRest(): Promise<void> {
    await this.steps.all();
    this.#isResting = true;
    for (const client of this.#clients) if (client.isAlive) this.#askAgain(client);
    await this.steps.all();
    for (let round = 0; round < 4; round++) {
      for (const { sweep, context } of this.#servers) {
        if (!this.#isCalm) {
          void sweep.run();
          void refreshRevoked(context);
          await this.steps.all();
        }
        context.presence.flush();
        await this.steps.all();
      }
    }
  }

  /** What a client does that was told, or not told, that the database is away. */
  #askAgain(client: HeldClient): void {
    if (this.#weather.awayShare === 0) return;
    this.#list(client);
    for (const group of client.online.keys()) client.post({ kind: "open", group });
  }

  /** What must hold when nothing is under way. */
  async check(): Promise<void> {
    await this.#readStored();
    assert.deepEqual(this.#breaches, [], "what nobody may be told, or fail to be told, on the way");
    for (const server of this.#servers) {
      for (const group of server.context.groups.all()) {
        if (group.sessions.size === 0) continue;
        const stored = this.#stored.get(group.id);
        const at = `group ${group.id} at ${server.bus.self}`;
        assert.deepEqual(sorted(group.members), sorted(stored?.members.keys() ?? []), `members of ${at}`);
        assert.deepEqual(
          [group.epoch, group.lastSeq, group.logLength],
          [stored?.epoch, stored?.lastSeq, stored?.logLength],
          `epoch, last place and log of ${at}`,
        );
      }
    }
    for (const client of this.#clients) if (client.isAlive && client.isListed) this.#checkClient(client);
    for (const client of this.#clients) {
      const isOver = this.#ended.some((id) => Buffer.from(id).equals(client.of.id));
      assert.ok(!client.isAlive || !isOver, `a connection of ${client.user} lives although its session has ended`);
      for (const { id, group, seq } of client.acknowledged) await this.#checkStored(id, group, seq);
    }
  }

  #checkClient(client: HeldClient): void {
    const who = `user ${client.user} at ${client.server.bus.self}`;
    const own = [...this.#stored.values()].filter(({ members }) => members.has(client.user));
    assert.deepEqual(
      sorted(client.groups.keys()),
      sorted(own.map(({ id }) => id)),
      `groups that ${who} believes to be in`,
    );
    const topics = client.server.topicsOf(client.session).filter((topic) => topic.startsWith("g"));
    assert.deepEqual(topics.toSorted(), own.map(({ id }) => `g${id}`).toSorted(), `what ${who} has subscribed to`);
    for (const { id, lastSeq, members } of own) {
      const known = client.groups.get(id);
      // Who is told of a place finds out by itself what is missing before it, and asks.
      const from = known?.from ?? lastSeq;
      for (let seq = this.#isCalm ? from + 1 : Math.max(from + 1, lastSeq); seq <= lastSeq; seq++) {
        assert.ok(known?.seqs.has(seq), `${who} is told of message ${seq} of group ${id}`);
      }
      const online = client.online.get(id);
      if (!online) continue;
      const present = this.#clients.filter((other) => other.isAlive && other.groups.has(id) && members.has(other.user));
      assert.deepEqual(sorted(online), sorted(new Set(present.map(({ user }) => user))), `who ${who} sees in ${id}`);
      const read = [...members].filter(([, { readSeq }]) => readSeq > 0).map(([user, { readSeq }]) => [user, readSeq]);
      const seen = [...(client.cursors.get(id) ?? [])].filter(([user]) => members.has(user));
      assert.deepEqual(new Map(seen), new Map(read as [UserId, Seq][]), `who ${who} sees to have read ${id}`);
    }
  }

  async #checkStored(id: bigint, group: GroupId, seq: Seq): Promise<void> {
    const [row] = await this.#database.query<{ id: string }>({
      text: "SELECT client_message_id::text AS id FROM messages WHERE group_id = $1 AND seq = $2",
      values: [group, seq],
    });
    assert.equal(row?.id, String(BigInt.asIntN(64, id)), `what was acknowledged at ${seq} of group ${group}`);
  }

  async #startServer(index: number): Promise<void> {
    const server = await HeldServer.start(`s${this.#started++}`, {
      steps: this.steps,
      database: heldDatabase(this.#database, this.steps, {
        committed: () => this.#readStored(),
        isAway: () => !this.#isResting && this.random.unit() < this.#weather.awayShare,
      }),
      writerConnection: this.#writerConnection,
      clock: this.clock,
      // Stands still: nobody gives up on a peer.
      busClock: new FakeClock(),
      limits: {
        connectionsMax: 1000,
        sends: { burst: 1e6, perSecond: 1e6 },
        logins: { burst: 10, perSecond: 1 },
      },
    });
    const before = this.#servers[index];
    for (const other of this.#servers) {
      if (other === before) continue;
      const [here, there] = heldLink(this.steps, (kind) => this.#isLost(kind));
      server.bus.addPeer(other.bus.self, here);
      other.bus.addPeer(server.bus.self, there);
    }
    this.#servers[index] = server;
  }

  #isLost(kind: string): boolean {
    const madeUpFor = kind === "linkDeliver" || kind === "changed" || kind === "revoked";
    return madeUpFor && this.random.unit() < this.#weather.lossShare;
  }

  async #connect(): Promise<void> {
    const server = pickOne(this.random, this.#servers);
    const earlier = this.#clients.filter((client) => !this.#ended.includes(client.of.id));
    const { session, token } =
      earlier.length > 0 && this.random.unit() < 0.6
        ? tokenOf(pickOne(this.random, earlier))
        : await this.#logIn(server);
    const client = new HeldClient(server, session, token, (message) => this.#published(message));
    this.#clients.push(client);
    client.ask({ kind: "resume", token }, (answer) => {
      if (answer.kind !== "welcome") client.endedBy = answer.kind;
      else this.#list(client);
    });
  }

  /** Whoever has been a member all the time is told so. */
  #list(client: HeldClient): void {
    const memberships = () =>
      [...this.#stored.values()]
        .filter(({ members }) => members.has(client.user))
        .map(({ id }) => `${id}, last removed at ${this.#removedAt.get(`${id} ${client.user}`)}`);
    const before = memberships();
    client.list((groups) => {
      for (const membership of memberships().filter((now) => before.includes(now))) {
        const isListed = groups.some((group) => membership.startsWith(`${group},`));
        if (!isListed) this.#breaches.push(`user ${client.user} is not told of being in group ${membership}`);
      }
    });
  }

  async #logIn({ context }: HeldServer): Promise<{ session: HeldClient["of"]; token: Uint8Array }> {
    const { user, identity } = pickOne(this.random, this.#people);
    const { session, token } = context.tokens.issue(user, identity.public.name, this.clock.now());
    await insertSession(this.#database, { id: session.id, user, expiresAt: new Date(session.expiresAt) });
    return { session, token };
  }

  #ofSomebody(act: (client: HeldClient) => Promise<void> | void): Promise<void> | void {
    const alive = this.#clients.filter((client) => client.isAlive && client.isListed);
    if (alive.length > 0) return act(pickOne(this.random, alive));
  }

  #logOut(client: HeldClient): void {
    client.ask({ kind: "logOut" }, (answer) => {
      if (answer.kind !== "done") return;
      this.#ended.push(client.of.id);
      client.disconnect();
    });
  }

  #aGroup(): GroupId | undefined {
    const ids = [...this.#stored.keys()];
    return ids.length === 0 ? undefined : pickOne(this.random, ids);
  }

  #askAboutAGroup(client: HeldClient): void {
    const group = this.#aGroup();
    if (group === undefined) return;
    const entered = (answer: { readonly kind: string }) => {
      if (answer.kind !== "error") client.entered(group);
    };
    const after = this.random.below(3) as Seq;
    switch (this.random.below(3)) {
      case 0:
        return client.ask({ kind: "log", group, from: 0 }, entered);
      case 1:
        return client.ask({ kind: "keys", group, from: firstEpoch }, entered);
      default:
        return client.ask({ kind: "sync", group, after, through: seq(1000) }, entered);
    }
  }

  /** Opens or closes a group, or reads it. */
  #look(client: HeldClient): void {
    const own = [...client.groups.keys()];
    if (own.length === 0) return;
    const group = pickOne(this.random, own);
    switch (this.random.below(4)) {
      case 0:
        client.online.delete(group);
        client.cursors.delete(group);
        return client.post({ kind: "close", group });
      case 1:
        return client.post({ kind: "read", group, seq: (1 + this.random.below(5)) as Seq });
      default:
        if (client.online.has(group)) return;
        client.online.set(group, new Set());
        client.cursors.set(group, new Map());
        return client.post({ kind: "open", group });
    }
  }

  #send(client: HeldClient): void {
    const group = this.#aGroup();
    const stored = group && this.#stored.get(group);
    if (!group || !stored) return;
    const epoch = Math.max(1, stored.epoch - this.random.below(2)) as Epoch;
    const payload = Uint8Array.of(1, 2, 3);
    client.send({
      resend: false,
      skipsRefused: false,
      type: messageTypes.application,
      epoch,
      group,
      clientMessageId: clientMessageId(BigInt(this.random.uint32())),
      payload,
    });
  }

  #found(client: HeldClient): void {
    if (this.#groups >= 3) return;
    const group = groupId(1 + this.random.below(2 ** 40));
    this.#groups++;
    const others = this.#people.filter(({ user }) => user !== client.user && this.random.unit() < 0.5);
    const by = this.#someone(client.user);
    const entry = {
      ...entryOf(by, group, 0, firstEpoch, noEntryHash, "create", others),
      settings: { suite: "none", history: false, expireSeconds: 0 },
    };
    this.#submit(
      client,
      entry,
      [by, ...others].map(({ user }) => user),
    );
  }

  #change(client: HeldClient): void {
    const own = [...this.#stored.values()].filter(({ members }) => members.has(client.user));
    if (own.length === 0) return;
    const { id, members, epoch, logLength, head } = pickOne(this.random, own);
    const isAdmin = members.get(client.user)?.admin === true;
    const [inside, outside] = [true, false].map((isIn) =>
      this.#people.filter(({ user }) => user !== client.user && members.has(user) === isIn),
    ) as [Someone[], Someone[]];
    const possible: readonly (readonly [MembershipAction, readonly Someone[]])[] = [
      ["rekey", []],
      ...(this.random.unit() < 0.3 ? ([["leave", []]] as const) : []),
      ...(isAdmin && inside.length > 0 ? ([["remove", [pickOne(this.random, inside)]]] as const) : []),
      ...(isAdmin && outside.length > 0 ? ([["admit", [pickOne(this.random, outside)]]] as const) : []),
    ];
    const [action, subjects] = pickOne(this.random, possible);
    const entry = entryOf(this.#someone(client.user), id, logLength, nextEpoch(epoch), head, action, subjects);
    const gone = new Set(action === "remove" ? subjects.map(({ user }) => user) : []);
    const after = [...members.keys(), ...(action === "admit" ? subjects.map(({ user }) => user) : [])];
    this.#submit(
      client,
      entry,
      after.filter((user) => !gone.has(user)),
    );
  }

  #submit(client: HeldClient, entry: MembershipEntry, members: readonly UserId[]): void {
    if (actionsWithNewKey.has(entry.action)) {
      const keys = members.map((user) => ({ user, epoch: entry.epoch, wrapped: Uint8Array.of(1) }));
      client.ask({ kind: "stageKeys", group: entry.group, keys });
    }
    client.ask({ kind: "change", entry: signEntry(entry, this.#someone(client.user).identity.signingKey) });
  }

  #someone(user: UserId): Someone {
    return this.#people.find((someone) => someone.user === user) as Someone;
  }

  /** Everybody has been away for so long that groups are forgotten, here and there. */
  async #growIdle(): Promise<void> {
    await this.clock.advance(31_000);
    for (const { context } of this.#servers) if (this.random.unit() < 0.5) context.groups.forgetIdle();
  }

  /** A server ends as it stands; what it has asked of the database may happen all the same. */
  async #crash(): Promise<void> {
    const index = this.random.below(this.#servers.length);
    const server = this.#servers[index] as HeldServer;
    for (const client of this.#clients) if (client.server === server) client.endedBy ??= "crashed";
    server.bus.close();
    for (const other of this.#servers) if (other !== server) other.bus.removePeer(server.bus.self);
    await this.#startServer(index);
  }

  #published({ client, group, seq, type }: PublishedTo): void {
    // Of three servers, one may tell of a message before another has told of the removal. An entry is committed without a
    // look at what its server knows of the group; a message is not.
    if (!this.#isCalm || this.#weather.servers > 2 || type === messageTypes.membership) return;
    const isMember = this.#stored.get(group)?.members.has(client.user) ?? false;
    const removedAt = this.#removedAt.get(`${group} ${client.user}`);
    if (!isMember && removedAt !== undefined && seq > removedAt) {
      this.#breaches.push(`user ${client.user} went at ${removedAt} of group ${group} and is given ${seq}`);
    }
  }

  /** Reads what the database has now. */
  async #readStored(): Promise<void> {
    const groups = await this.#database.query<Omit<StoredGroup, "members">>({
      text: `SELECT id, epoch, last_seq AS "lastSeq", keyed, log_length AS "logLength", log_head AS head FROM groups`,
    });
    const members = await this.#database.query<{ group: GroupId; user: UserId; admin: boolean; readSeq: Seq }>({
      text: `SELECT group_id AS "group", user_id AS "user", admin, read_seq AS "readSeq" FROM memberships`,
    });
    const before = this.#stored;
    this.#stored = new Map(
      groups.map((group) => [
        group.id,
        {
          ...group,
          members: new Map(
            members
              .filter((member) => member.group === group.id)
              .map(({ user, admin, readSeq }) => [user, { admin, readSeq }]),
          ),
        },
      ]),
    );
    for (const [id, group] of this.#stored) {
      for (const user of before.get(id)?.members.keys() ?? []) {
        if (!group.members.has(user)) this.#removedAt.set(`${id} ${user}`, group.lastSeq);
      }
    }
  }
}

suite("whatever order the database answers and the bus brings things in", () => {
  let database: Database;
  let writerConnection: Awaited<ReturnType<typeof connect>>;
  const people: Someone[] = [];
  before(async () => {
    database = await openFreshDatabase();
    writerConnection = await connect(database.url);
    const keys = await keyPair(0);
    for (const name of ["alice", "bob", "carol", "dave"]) {
      const identity = createIdentity(name, keys);
      const record = new Uint8Array(192);
      const user = await insertUser(database, { name, credential: name, record, identity: identity.public.bytes });
      people.push({ user: user as UserId, identity });
    }
  });
  after(() => writerConnection.end());

  for (const [what, weather] of [
    ["two servers that hear everything", { servers: 2, lossShare: 0, crashes: false, awayShare: 0 }],
    [
      "three servers whose bus loses what the sweep brings",
      { servers: 3, lossShare: 0.5, crashes: false, awayShare: 0 },
    ],
    ["servers that end and come back", { servers: 2, lossShare: 0, crashes: true, awayShare: 0 }],
    ["servers whose database is away now and then", { servers: 2, lossShare: 0, crashes: false, awayShare: 0.2 }],
  ] as const satisfies readonly (readonly [string, Weather])[]) {
    test(`${what} agree with the database in the end, and have told everybody everything`, async () => {
      for (const seed of testSeeds(runs)) {
        await database.query({
          text: "TRUNCATE groups, memberships, membership_log, wrapped_keys, messages, sessions",
        });
        const world = new World(seed, weather, { people, database, writerConnection });
        try {
          await world.start();
          for (let actions = 0; actions < actionsPerRun; ) {
            if (world.random.unit() < 0.6 && (await world.steps.next())) continue;
            await world.act();
            actions++;
          }
          await world.comeToRest();
          await world.check();
        } catch (cause) {
          throw new Error(`TEST_SEED=${seed} plays this again: ${(cause as Error).message}`, { cause });
        }
      }
    });
  }
});

const sorted = (numbers: Iterable<number>) => [...numbers].sort((a, b) => a - b);
const tokenOf = ({ of: session, token }: HeldClient) => ({ session, token });

function entryOf(
  { user: actor, identity }: Someone,
  group: GroupId,
  index: number,
  epoch: Epoch,
  previous: Uint8Array,
  action: MembershipAction,
  people: readonly Someone[],
): MembershipEntry {
  const subjects = people.map((of) => ({ user: of.user, fingerprint: of.identity.public.fingerprint }));
  const opening = actionsWithNewKey.has(action) ? { opening: Uint8Array.of(1) } : {};
  const actorFingerprint = identity.public.fingerprint;
  return { group, index, epoch, action, actor, actorFingerprint, subjects, previous, ...opening };
}
