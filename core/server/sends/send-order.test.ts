import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { Mailbox } from "../../client/mail/mailbox.ts";
import type { Seal, SealedFor, SealRefusal, SendOutcome } from "../../client/mail/outgoing-message.ts";
import { pickOne, type Random, seededRandom } from "../../platform/random.ts";
import { accepted, type Result, refused } from "../../platform/result.ts";
import { connect, type Database } from "../../store/database.ts";
import { insertUser } from "../../store/users.ts";
import { testSeeds } from "../../testing/chaos.ts";
import { openFreshDatabase } from "../../testing/database.ts";
import { FakeClock } from "../../testing/fake-clock.ts";
import { heldDatabase } from "../../testing/held/held-database.ts";
import { HeldServer } from "../../testing/held/held-server.ts";
import { heldSockets } from "../../testing/held/held-socket-link.ts";
import { HeldSteps } from "../../testing/held/held-steps.ts";
import { clientMessageId, firstEpoch, type GroupId, groupId, type UserId } from "../../wire/ids.ts";
import { encodeSend, messageTypes } from "../../wire/send-frame.ts";
import { parseServerFrame } from "../../wire/server-frame.ts";
import type { BudgetLimit } from "../sessions/budget.ts";

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

  let groupsFounded = 0;
  async function foundGroup(): Promise<GroupId> {
    const id = groupId(++groupsFounded);
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

  /** Somebody has changed the key, and no server has heard of it. */
  const changeKey = (group: GroupId) =>
    database.query({
      text: "UPDATE groups SET epoch = epoch + 1, log_length = log_length + 1 WHERE id = $1",
      values: [group],
    });

  /** One user at one server, with a group, a budget that nobody exceeds, and a clock that goes on in steps. */
  async function alone({
    waitingMax = 100,
    sends = { burst: 200, perSecond: 50 },
  }: {
    waitingMax?: number;
    sends?: BudgetLimit;
  }) {
    const { steps, clock, servers, tokenOf } = await deployed(seededRandom(1), 1, sends, waitingMax);
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
    /** Lets everything happen until all is answered, and says how many milliseconds that took. */
    const untilAnswered = async (msMax: number, stepMs = 20) => {
      const began = clock.now();
      while (mailbox.unsettled > 0 && clock.now() - began < msMax) {
        await steps.all();
        await clock.advance(stepMs);
      }
      assert.equal(mailbox.unsettled, 0, `not answered after ${msMax} ms`);
      return clock.now() - began;
    };
    const frames = () => server.context.counters.sends;
    const places = async () => (await stored(group)).get(user) ?? [];
    return { steps, clock, server, group, user, mailbox, untilAnswered, frames, places };
  }

  const upTo = (count: number) => Array.from({ length: count }, (_, i) => i);
  const payloadOf = (number: number) => Buffer.from(Uint32Array.of(number).buffer).swap32();

  for (const seed of testSeeds(8)) {
    test(`stand in the order in which they were written, whatever was refused, broken or overtaken on the way (TEST_SEED=${seed})`, async () => {
      const random = seededRandom(seed);
      const { steps, clock, servers, tokenOf } = await deployed(random, 2, { burst: 8, perSecond: 20 }, 12);
      const groups = [await foundGroup(), await foundGroup()];
      const open = heldSockets(steps, (url) => servers[Number(url.at(-1))] as HeldServer);
      const outcomes: SendOutcome[] = [];
      const written = new Map<string, number>();
      /** Of a sender to a group: may have been stored all the same, before the connection broke. */
      const givenUp = new Map<string, number[]>();
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
        const isGivenUpLater = random.unit() < 0.1;
        let times = 0;
        mailbox.send(
          {
            group,
            seal: ({ epoch }) => {
              const sealed: Result<SealedFor, SealRefusal> =
                isGivenUpLater && times++ > 0
                  ? refused({ code: "identity_changed", detail: "since it was sealed first" })
                  : accepted({ epoch, payload: payloadOf(number) });
              return isSlow ? new Promise((resolve) => steps.hold(() => resolve(sealed))) : sealed;
            },
          },
          (outcome) => {
            outcomes.push(outcome);
            if (outcome.ok || outcome.code !== "identity_changed") return;
            givenUp.set(`${group} ${user}`, [...(givenUp.get(`${group} ${user}`) ?? []), number]);
          },
        );
      };
      const happenings: readonly (() => unknown)[] = [
        write,
        write,
        write,
        () => upTo(random.below(10)).forEach(write),
        () => clock.advance(random.below(300)),
        () => {
          if (random.unit() > 0.3) return;
          pickOne(random, mailboxes).mailbox.interrupt();
        },
        async () => {
          if (random.unit() < 0.3) await changeKey(pickOne(random, groups));
        },
        async () => {
          // Nothing moves but the time: a database that is away, or a network.
          if (random.unit() > 0.1) return;
          await clock.advance(random.below(40_000));
        },
      ];
      for (let happened = 0; happened < 150; ) {
        await steps.settle();
        if (random.unit() < 0.7 && (await steps.next())) continue;
        await pickOne(random, happenings)();
        happened++;
      }
      const messages = outcomes.length + mailboxes.reduce((sum, { mailbox }) => sum + mailbox.unsettled, 0);
      // All is well from here on, so nobody may have to wait for anything but the budget, and for a connection.
      const began = clock.now();
      const msMax = messages * 50 + 15_000;
      while (mailboxes.some(({ mailbox }) => mailbox.unsettled > 0) && clock.now() - began < msMax) {
        await steps.all();
        await clock.advance(100);
      }
      assert.deepEqual(
        mailboxes.map(({ mailbox }) => mailbox.unsettled),
        [0, 0],
        `not answered after ${msMax} ms`,
      );
      assert.deepEqual(
        outcomes.filter((outcome) => !outcome.ok && outcome.code !== "identity_changed"),
        [],
      );
      assert.equal(outcomes.length, messages);
      for (const group of groups) {
        for (const [user, numbers] of await stored(group)) {
          const isKept = (number: number) => !givenUp.get(`${group} ${user}`)?.includes(number);
          assert.deepEqual(
            numbers.filter(isKept),
            upTo(written.get(`${group} ${user}`) ?? 0).filter(isKept),
            `of user ${user} in ${group}`,
          );
        }
      }
      const frames = servers.reduce((sum, { context }) => sum + context.counters.sends, 0);
      assert.ok(frames < 8 * messages, `${frames} frames for ${messages} messages`);
      for (const { mailbox } of mailboxes) mailbox.close();
    });
  }

  test("are sent little more than once although most are over the budget at first", async () => {
    const { mailbox, group, untilAnswered, frames, places } = await alone({ waitingMax: 1000 });
    for (const number of upTo(500)) {
      mailbox.send({ group, seal: ({ epoch }) => accepted({ epoch, payload: payloadOf(number) }) }, () => {});
    }
    // What is over the burst needs its time, and not much more.
    await untilAnswered(8000);
    assert.deepEqual(await places(), upTo(500));
    assert.ok(frames() <= 900, `${frames()} frames for 500 messages`);
    mailbox.close();
  });

  test("are sent little more than once when the key changes while they are under way", async () => {
    for (const server of ["knows", "does not know"]) {
      const { steps, server: at, mailbox, group, untilAnswered, frames, places } = await alone({});
      await changeKey(group);
      if (server === "knows") {
        const reloaded = at.context.groups.reload(group);
        await steps.all();
        await reloaded;
      }
      for (const number of upTo(60)) {
        mailbox.send({ group, seal: ({ epoch }) => accepted({ epoch, payload: payloadOf(number) }) }, () => {});
      }
      await untilAnswered(2000);
      assert.deepEqual(await places(), upTo(60));
      assert.ok(frames() <= 130, `${frames()} frames for 60 messages, to a server that ${server} of the change`);
      mailbox.close();
    }
  });

  test("do not wait for one that was given up, whichever of those that were refused it was", async () => {
    for (const givenUp of [0, 1, 2]) {
      const { mailbox, group, untilAnswered, places } = await alone({});
      for (const number of upTo(4)) {
        let times = 0;
        const seal: Seal = ({ epoch }) =>
          number === givenUp && times++ > 0
            ? refused({ code: "identity_changed", detail: "since it was sealed first" })
            : accepted({ epoch, payload: payloadOf(number) });
        mailbox.send({ group, seal }, () => {});
      }
      await changeKey(group);
      await untilAnswered(2000);
      assert.deepEqual(
        await places(),
        upTo(4).filter((number) => number !== givenUp),
      );
      mailbox.close();
    }
  });

  test("go on where they stopped when the database was away", async () => {
    const { steps, clock, mailbox, group, untilAnswered, frames, places } = await alone({ waitingMax: 5 });
    const write = (number: number) =>
      mailbox.send({ group, seal: ({ epoch }) => accepted({ epoch, payload: payloadOf(number) }) }, () => {});
    upTo(12).forEach(write);
    // What is sent arrives, and nothing is stored.
    for (let second = 0; second < 14; second++) await clock.advance(1000);
    await untilAnswered(2000);
    write(12);
    await untilAnswered(100);
    assert.deepEqual(await places(), upTo(13));
    assert.ok(frames() <= 60, `${frames()} frames for 13 messages`);
    await steps.all();
    mailbox.close();
  });

  /** A client that sends what a test has it send, and what it is told to do again. */
  async function plainClient(
    { steps, clock, servers }: Deployment,
    rejected: (number: number, retryAfterMs: number) => void,
  ) {
    const [server] = servers as [HeldServer];
    const group = await foundGroup();
    const [user] = users as [UserId];
    const acknowledged: number[] = [];
    const numberIn = (id: Uint8Array) => Buffer.from(id).readUInt32BE(4);
    const session = server.open({
      came: (bytes) => {
        const parsed = parseServerFrame(bytes);
        if (!parsed.ok) throw new Error(parsed.reason.detail);
        const frame = parsed.value;
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
    return { send, acknowledged, places: async () => (await stored(group)).get(user) ?? [] };
  }

  test("of a client that knows nothing but to follow each hint come in their order, too, in two frames each", async () => {
    const deployment = await deployed(seededRandom(1), 1, { burst: 200, perSecond: 50 });
    const { steps, clock, servers } = deployment;
    const { send, acknowledged, places } = await plainClient(deployment, (number, retryAfterMs) => {
      clock.after(retryAfterMs, () => send(number));
    });
    for (const number of upTo(500)) send(number);
    for (let i = 0; i < 3000 && acknowledged.length < 500; i++) {
      await steps.all();
      await clock.advance(10);
    }
    assert.deepEqual(await places(), upTo(500));
    const sends = servers[0]?.context.counters.sends ?? 0;
    assert.ok(sends <= 900, `${sends} frames for 500 messages`);
  });

  test("do not wait for one that came twice and was refused once, when the other has been stored", async () => {
    const deployment = await deployed(seededRandom(1), 1, { burst: 200, perSecond: 50 }, 5);
    const refusals: number[] = [];
    const { send, acknowledged, places } = await plainClient(deployment, (number) => void refusals.push(number));
    for (const number of upTo(5)) send(number);
    // Nothing has been stored yet, and there is room for no more.
    for (const number of upTo(5)) send(number, true);
    assert.deepEqual(refusals, upTo(5));
    await deployment.steps.all();
    assert.deepEqual(acknowledged, upTo(5));
    send(5);
    await deployment.steps.all();
    assert.deepEqual(await places(), upTo(6));
  });
});
