import assert from "node:assert/strict";
import { Mailbox } from "../../../client/mail/mailbox.ts";
import { type Random, seededRandom } from "../../../platform/random.ts";
import { accepted, valueOf } from "../../../platform/result.ts";
import { connect, type Database } from "../../../store/database.ts";
import { insertUser } from "../../../store/users.ts";
import { openFreshDatabase } from "../../../testing/database.ts";
import { FakeClock } from "../../../testing/fake-clock.ts";
import { heldDatabase } from "../../../testing/held/held-database.ts";
import { HeldServer } from "../../../testing/held/held-server.ts";
import { heldSockets } from "../../../testing/held/held-socket-link.ts";
import { HeldSteps } from "../../../testing/held/held-steps.ts";
import { present } from "../../../testing/present.ts";
import { insertGroup } from "../../../testing/stored-group.ts";
import { clientMessageId, firstEpoch, type GroupId, groupId, type UserId } from "../../../wire/ids.ts";
import { encodeSend, messageTypes } from "../../../wire/send-frame.ts";
import { parseServerFrame } from "../../../wire/server-frame.ts";
import type { BudgetLimit } from "../../sessions/budget.ts";

/** Servers whose every step is held, and a clock that only the test moves. */
export interface HeldDeployment {
  readonly steps: HeldSteps;
  readonly clock: FakeClock;
  readonly servers: readonly HeldServer[];
  /** A token for a new session of this user. */
  readonly tokenOf: (user: UserId) => Uint8Array;
}

/** A database with two users, on which tests of the order of messages start servers. */
export class SendRig {
  readonly users: readonly UserId[];
  readonly #database: Database;
  readonly #writerConnection: Awaited<ReturnType<typeof connect>>;
  #groupsFounded = 0;

  private constructor(
    database: Database,
    writerConnection: Awaited<ReturnType<typeof connect>>,
    users: readonly UserId[],
  ) {
    this.#database = database;
    this.#writerConnection = writerConnection;
    this.users = users;
  }

  static async open(): Promise<SendRig> {
    const database = await openFreshDatabase();
    const users: UserId[] = [];
    for (const name of ["alice", "bob"]) {
      const bytes = new Uint8Array(1);
      users.push(present(await insertUser(database, { name, credential: name, record: bytes, identity: bytes })));
    }
    return new SendRig(database, await connect(database.url), users);
  }

  async close(): Promise<void> {
    await this.#writerConnection.end();
  }

  /** Starts servers on an empty database. Each lets `waitingMax` messages wait for the database. */
  async deployed(random: Random, servers: number, sends: BudgetLimit, waitingMax?: number): Promise<HeldDeployment> {
    await this.#database.query({
      text: "TRUNCATE groups, memberships, membership_log, wrapped_keys, messages, sessions",
    });
    const steps = new HeldSteps(random.fork());
    const clock = new FakeClock();
    const started: HeldServer[] = [];
    for (let i = 0; i < servers; i++) {
      const server = await HeldServer.start(`s${i}`, {
        steps,
        database: heldDatabase(this.#database, steps),
        writerConnection: this.#writerConnection,
        clock,
        busClock: clock,
        limits: { connectionsMax: 1000, sends, logins: { burst: 10, perSecond: 1 } },
        waitingMax,
      });
      started.push(server);
    }
    const { tokens } = present(started[0]).context;
    return { steps, clock, servers: started, tokenOf: (user) => tokens.issue(user, "somebody", clock.now()).token };
  }

  /** Founds a group of both users. */
  async foundGroup(): Promise<GroupId> {
    const id = groupId(++this.#groupsFounded);
    await insertGroup(this.#database, id);
    await this.#database.query({
      text: `INSERT INTO memberships (group_id, user_id, admin, fingerprint, since)
             SELECT $1, unnest($2::bigint[]), true, '', 0`,
      values: [id, this.users],
    });
    return id;
  }

  /** Of each sender, the numbers in the payloads, in the order of the messages' seqs. */
  async stored(group: GroupId): Promise<Map<UserId, number[]>> {
    const rows = await this.#database.query<{ sender: UserId; payload: Buffer }>({
      text: `SELECT sender_id AS sender, payload FROM messages WHERE group_id = $1 ORDER BY seq`,
      values: [group],
    });
    const numbers = new Map<UserId, number[]>();
    for (const { sender, payload } of rows) {
      numbers.set(sender, [...(numbers.get(sender) ?? []), payload.readUInt32BE()]);
    }
    return numbers;
  }

  /** Begins another epoch of the group, of which no server knows. */
  async changeKey(group: GroupId): Promise<void> {
    await this.#database.query({
      text: "UPDATE groups SET epoch = epoch + 1, log_length = log_length + 1 WHERE id = $1",
      values: [group],
    });
  }

  /**
   * One user at one server, with a group, a budget that the test does not exceed by default, and a clock that moves in steps.
   */
  async alone({
    waitingMax = 100,
    sends = { burst: 200, perSecond: 50 },
  }: {
    waitingMax?: number;
    sends?: BudgetLimit;
  } = {}) {
    const { steps, clock, servers, tokenOf } = await this.deployed(seededRandom(1), 1, sends, waitingMax);
    const server = present(servers[0]);
    const group = await this.foundGroup();
    const user = present(this.users[0]);
    const mailbox = new Mailbox(
      {
        dial: async () => accepted("ws://server0"),
        open: heldSockets(steps, () => server),
        clock,
        random: seededRandom(2),
      },
      { outboxMax: 1000 },
      { connection() {}, delivered() {}, missing() {} },
    );
    mailbox.resume(tokenOf(user));
    await steps.all();
    /** Lets steps happen until all messages have their outcomes; answers how many milliseconds of the clock that took. */
    const untilAnswered = async (msMax: number, stepMs = 20) => {
      const began = clock.now();
      while (mailbox.unsettled > 0 && clock.now() - began < msMax) {
        await steps.all();
        await clock.advance(stepMs);
      }
      assert.equal(mailbox.unsettled, 0, `without an outcome after ${msMax} ms`);
      return clock.now() - began;
    };
    const frames = () => server.context.counters.sends;
    const stored = async () => (await this.stored(group)).get(user) ?? [];
    return { steps, clock, server, group, user, mailbox, untilAnswered, frames, stored };
  }

  /** A client that sends only what a test has it send; `rejected` is called with the refusals that it gets. */
  async plainClient(
    { steps, clock, servers }: HeldDeployment,
    rejected: (number: number, retryAfterMs: number) => void,
  ) {
    const server = present(servers[0]);
    const group = await this.foundGroup();
    const user = present(this.users[0]);
    const acknowledged: number[] = [];
    const numberIn = (id: Uint8Array) => Buffer.from(id).readUInt32BE(4);
    const session = server.open({
      came: (bytes) => {
        const frame = valueOf(parseServerFrame(bytes));
        if (frame.kind === "ack")
          acknowledged.push(...frame.acknowledgements.map(({ clientMessageId }) => Number(clientMessageId)));
        if (frame.kind === "reject") rejected(numberIn(frame.clientMessageId), frame.retryAfterMs ?? 0);
      },
      ended: (_, reason) => assert.fail(reason),
    });
    const send = (number: number, resend = false) =>
      session.received(
        encodeSend({
          resend,
          skipsRefused: false,
          type: messageTypes.application,
          epoch: firstEpoch,
          group,
          clientMessageId: clientMessageId(BigInt(number)),
          payload: payloadOf(number),
        }),
      );
    const { session: of } = server.context.tokens.issue(user, "somebody", clock.now());
    session.authenticated(of, false);
    void session.enterGroups();
    await steps.all();
    return { send, acknowledged, stored: async () => (await this.stored(group)).get(user) ?? [] };
  }
}

/** A payload that holds a number. */
export const payloadOf = (number: number) => Buffer.from(Uint32Array.of(number).buffer).swap32();

/** The numbers from 0 to below `count`. */
export const upTo = (count: number) => Array.from({ length: count }, (_, i) => i);
