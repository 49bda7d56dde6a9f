import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { Mailbox } from "../client/mailbox.ts";
import type { SendOutcome } from "../client/outbox.ts";
import { accepted } from "../platform/parsed.ts";
import { pickOne, type Random, seededRandom } from "../platform/random.ts";
import { connect, type Database } from "../store/database.ts";
import { insertUser } from "../store/users.ts";
import { openFreshDatabase } from "../testing/database.ts";
import { FakeClock } from "../testing/fake-clock.ts";
import { heldDatabase } from "../testing/held-database.ts";
import { HeldServer } from "../testing/held-server.ts";
import { heldSockets } from "../testing/held-socket-link.ts";
import { HeldSteps } from "../testing/held-steps.ts";
import { type ClientMessageId, type Epoch, type GroupId, groupId, type UserId } from "../wire/ids.ts";
import { encodeSend, messageTypes } from "../wire/send-frame.ts";
import { parseServerFrame } from "../wire/server-frame.ts";
import type { BudgetLimit } from "./budget.ts";

interface Deployment {
  readonly steps: HeldSteps;
  readonly clock: FakeClock;
  readonly servers: readonly HeldServer[];
  /** One after the other says how many frames it took in. */
  readonly tokenOf: (user: UserId) => Uint8Array;
}

suite("a sender's messages to a group", () => {
  let database: Database;
  let writerConnection: Awaited<ReturnType<typeof connect>>;
  const users: UserId[] = [];
  before(async () => {
    database = await openFreshDatabase();
    writerConnection = await connect(database.url);
    for (const name of ["alice", "bob"]) {
      const bytes = new Uint8Array(1);
      users.push((await insertUser(database, { name, credential: name, record: bytes, identity: bytes })) as UserId);
    }
  });
  after(() => writerConnection.end());

  async function deployed(
    random: Random,
    servers: number,
    sends: BudgetLimit,
    waitingMax?: number,
  ): Promise<Deployment> {
    await database.query({ text: "TRUNCATE groups, memberships, membership_log, wrapped_keys, messages, sessions" });
    const steps = new HeldSteps(random.fork());
    const clock = new FakeClock();
    const limits = { connectionsMax: 1000, sends, logins: { burst: 10, perSecond: 1 } };
    const started: HeldServer[] = [];
    for (let i = 0; i < servers; i++) {
      const parts = {
        steps,
        database: heldDatabase(database, steps),
        writerConnection,
        clock,
        busClock: clock,
        limits,
      };
      started.push(await HeldServer.start(`s${i}`, { ...parts, waitingMax }));
    }
    const tokens = (started[0] as HeldServer).context.tokens;
    return { steps, clock, servers: started, tokenOf: (user) => tokens.issue(user, "somebody", clock.now()).token };
  }

  async function foundGroup(): Promise<GroupId> {
    const id = groupId(1 + Math.floor(Math.random() * 2 ** 40));
    await database.query({
      text: `INSERT INTO groups (id, epoch, last_seq, keyed, log_length, log_head, suite, history, expire_seconds)
             VALUES ($1, 1, 0, true, 1, '', 'none', false, 0)`,
      values: [id],
    });
    await database.query({
      text: `INSERT INTO memberships (group_id, user_id, admin, fingerprint, since)
             SELECT $1, unnest($2::bigint[]), true, '', 0`,
      values: [id, users],
    });
    return id;
  }

  /** Of each sender, the numbers that were written into the payloads, in the order of the places. */
  async function stored(group: GroupId): Promise<Map<UserId, number[]>> {
    const rows = await database.query<{ sender: UserId; payload: Buffer }>({
      text: `SELECT sender_id AS sender, payload FROM messages WHERE group_id = $1 ORDER BY seq`,
      values: [group],
    });
    const numbers = new Map<UserId, number[]>();
    for (const { sender, payload } of rows)
      numbers.set(sender, [...(numbers.get(sender) ?? []), payload.readUInt32BE()]);
    return numbers;
  }

  const upTo = (count: number) => Array.from({ length: count }, (_, i) => i);
  const payloadOf = (number: number) => Buffer.from(Uint32Array.of(number).buffer).swap32();

  for (const seed of seeds()) {
    test(`stand in the order in which they were written, whatever was refused, broken or overtaken on the way (TEST_SEED=${seed})`, async () => {
      const random = seededRandom(seed);
      const { steps, clock, servers, tokenOf } = await deployed(random, 2, { burst: 8, perSecond: 20 }, 12);
      const groups = [await foundGroup(), await foundGroup()];
      const open = heldSockets(steps, (url) => servers[Number(url.at(-1))] as HeldServer);
      const outcomes: SendOutcome[] = [];
      const written = new Map<string, number>();
      const mailboxes = users.map((user) => {
        const mailbox = new Mailbox(
          { dial: async () => accepted(`ws://server${random.below(2)}`), open, clock, random: random.fork() },
          { outboxMax: 1000 },
          { connection() {}, delivered() {}, missing() {} },
        );
        mailbox.resume(tokenOf(user));
        return { user, mailbox };
      });
      const write = () => {
        const { user, mailbox } = pickOne(random, mailboxes);
        const group = pickOne(random, groups);
        const number = written.get(`${group} ${user}`) ?? 0;
        written.set(`${group} ${user}`, number + 1);
        const isSlow = random.unit() < 0.5;
        mailbox.send(
          {
            group,
            seal: ({ epoch }) => {
              const sealed = accepted({ epoch, payload: payloadOf(number) });
              return isSlow ? new Promise((resolve) => steps.hold(() => resolve(sealed))) : sealed;
            },
          },
          (outcome) => outcomes.push(outcome),
        );
      };
      const happenings: readonly (() => Promise<unknown> | void)[] = [
        write,
        write,
        write,
        () => upTo(random.below(10)).forEach(write),
        () => clock.advance(random.below(300)),
        () => random.unit() < 0.3 && pickOne(random, mailboxes).mailbox.interrupt(),
        async () => {
          // Somebody has changed the key, and no server has heard of it.
          const text = "UPDATE groups SET epoch = epoch + 1, log_length = log_length + 1 WHERE id = $1";
          if (random.unit() < 0.3) await database.query({ text, values: [pickOne(random, groups)] });
        },
      ] as readonly (() => Promise<unknown> | void)[];
      for (let happened = 0; happened < 150; ) {
        await steps.settle();
        if (random.unit() < 0.7 && (await steps.next())) continue;
        await pickOne(random, happenings)();
        happened++;
      }
      for (let i = 0; i < 600 && mailboxes.some(({ mailbox }) => mailbox.unsettled > 0); i++) {
        await steps.all();
        await clock.advance(100);
      }
      assert.deepEqual(
        outcomes.filter(({ ok }) => !ok),
        [],
      );
      assert.equal(
        outcomes.length,
        [...written.values()].reduce((sum, count) => sum + count, 0),
      );
      for (const group of groups) {
        for (const [user, numbers] of await stored(group)) {
          assert.deepEqual(numbers, upTo(written.get(`${group} ${user}`) ?? 0), `of user ${user} in ${group}`);
        }
      }
      for (const { mailbox } of mailboxes) mailbox.close();
    });
  }

  test("are sent little more than once although most are over the budget at first", async () => {
    const { steps, clock, servers, tokenOf } = await deployed(seededRandom(1), 1, { burst: 200, perSecond: 50 });
    const [server] = servers as [HeldServer];
    const group = await foundGroup();
    const [user] = users as [UserId];
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
    for (const number of upTo(500)) {
      mailbox.send({ group, seal: ({ epoch }) => accepted({ epoch, payload: payloadOf(number) }) }, () => {});
    }
    const began = clock.now();
    while (mailbox.unsettled > 0 && clock.now() - began < 60_000) {
      await steps.all();
      await clock.advance(20);
    }
    assert.deepEqual((await stored(group)).get(user), upTo(500));
    const { sends } = server.context.counters;
    assert.ok(sends <= 900, `${sends} frames for 500 messages`);
    // What is over the burst needs its time, and not much more.
    assert.ok(clock.now() - began < 8000, `${clock.now() - began} ms`);
    mailbox.close();
  });

  test("of a client that knows nothing but to follow each hint come in their order, too, in two frames each", async () => {
    const { steps, clock, servers } = await deployed(seededRandom(1), 1, { burst: 200, perSecond: 50 });
    const [server] = servers as [HeldServer];
    const group = await foundGroup();
    const [user] = users as [UserId];
    let acknowledged = 0;
    const session = server.open({
      came: (bytes) => {
        const parsed = parseServerFrame(bytes);
        if (!parsed.ok) throw new Error(parsed.reason.detail);
        const frame = parsed.value;
        if (frame.kind === "ack") acknowledged += frame.acknowledgements.length;
        if (frame.kind !== "reject") return;
        const number = Buffer.from(frame.clientMessageId).readUInt32BE(4);
        clock.after(frame.retryAfterMs ?? 0, () => send(number));
      },
      ended: (_, reason) => assert.fail(reason),
    });
    const send = (number: number) =>
      session.received(
        encodeSend({
          resend: false,
          skipsRefused: false,
          type: messageTypes.application,
          epoch: 1 as Epoch,
          group,
          clientMessageId: BigInt(number) as ClientMessageId,
          payload: payloadOf(number),
        }),
      );
    const { session: of } = server.context.tokens.issue(user, "somebody", clock.now());
    session.authenticated(of, false);
    void session.enterGroups();
    await steps.all();
    for (const number of upTo(500)) send(number);
    for (let i = 0; i < 3000 && acknowledged < 500; i++) {
      await steps.all();
      await clock.advance(10);
    }
    assert.deepEqual((await stored(group)).get(user), upTo(500));
    const { sends } = server.context.counters;
    assert.ok(sends <= 900, `${sends} frames for 500 messages`);
  });
});

/** One that is given, or some that nobody has chosen. */
function seeds(): readonly number[] {
  if (process.env.TEST_SEED !== undefined) return [Number(process.env.TEST_SEED)];
  const first = Math.floor(Math.random() * 2 ** 31);
  return Array.from({ length: Number(process.env.INTERLEAVINGS ?? 20) }, (_, i) => first + i);
}
