import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { Mailbox } from "../../client/mail/mailbox.ts";
import type { Seal, SealedFor, SealRefusal, SendOutcome } from "../../client/mail/outgoing-message.ts";
import { pickOne, seededRandom } from "../../platform/random.ts";
import { accepted, type Result, refused } from "../../platform/result.ts";
import { testSeeds } from "../../testing/chaos.ts";
import { heldSockets } from "../../testing/held/held-socket-link.ts";
import { present } from "../../testing/present.ts";
import { payloadOf, SendRig, upTo } from "./testing/send-rig.ts";

suite("a sender's messages to a group", () => {
  let rig: SendRig;
  before(async () => {
    rig = await SendRig.open();
  });
  after(() => rig.close());

  for (const seed of testSeeds(8)) {
    test(`are stored in the order in which they were written, whatever is refused, broken or overtaken on the way (TEST_SEED=${seed})`, async () => {
      const random = seededRandom(seed);
      const { steps, clock, servers, tokenOf } = await rig.deployed(random, 2, { burst: 8, perSecond: 20 }, 12);
      const groups = [await rig.foundGroup(), await rig.foundGroup()];
      const open = heldSockets(steps, (url) => present(servers[Number(url.at(-1))]));
      const outcomes: SendOutcome[] = [];
      const written = new Map<string, number>();
      /** By group and sender: messages that were given up. They may be stored all the same, before the connection broke. */
      const givenUp = new Map<string, number[]>();
      const mailboxes = rig.users.map((user) => {
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
          if (random.unit() < 0.3) await rig.changeKey(pickOne(random, groups));
        },
        async () => {
          // Only time passes, as when the database or the network is away.
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
      // From here on nothing is disturbed: messages wait only for the budget and for a connection.
      const began = clock.now();
      const msMax = messages * 50 + 15_000;
      while (mailboxes.some(({ mailbox }) => mailbox.unsettled > 0) && clock.now() - began < msMax) {
        await steps.all();
        await clock.advance(100);
      }
      assert.deepEqual(
        mailboxes.map(({ mailbox }) => mailbox.unsettled),
        [0, 0],
        `without an outcome after ${msMax} ms`,
      );
      assert.deepEqual(
        outcomes.filter((outcome) => !outcome.ok && outcome.code !== "identity_changed"),
        [],
      );
      assert.equal(outcomes.length, messages);
      for (const group of groups) {
        for (const [user, numbers] of await rig.stored(group)) {
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
    const { mailbox, group, untilAnswered, frames, stored } = await rig.alone({ waitingMax: 1000 });
    for (const number of upTo(500)) {
      mailbox.send({ group, seal: ({ epoch }) => accepted({ epoch, payload: payloadOf(number) }) }, () => {});
    }
    // The messages over the burst need their time, and not much more.
    await untilAnswered(8000);
    assert.deepEqual(await stored(), upTo(500));
    assert.ok(frames() <= 900, `${frames()} frames for 500 messages`);
    mailbox.close();
  });

  test("are sent little more than once when the key changes while they are under way", async () => {
    for (const server of ["knows", "does not know"]) {
      const { steps, server: at, mailbox, group, untilAnswered, frames, stored } = await rig.alone();
      await rig.changeKey(group);
      if (server === "knows") {
        const reloaded = at.context.groups.reload(group);
        await steps.all();
        await reloaded;
      }
      for (const number of upTo(60)) {
        mailbox.send({ group, seal: ({ epoch }) => accepted({ epoch, payload: payloadOf(number) }) }, () => {});
      }
      await untilAnswered(2000);
      assert.deepEqual(await stored(), upTo(60));
      assert.ok(frames() <= 130, `${frames()} frames for 60 messages, to a server that ${server} of the change`);
      mailbox.close();
    }
  });

  test("do not wait for a refused message that was given up, whichever it was", async () => {
    for (const givenUp of [0, 1, 2]) {
      const { mailbox, group, untilAnswered, stored } = await rig.alone();
      for (const number of upTo(4)) {
        let times = 0;
        const seal: Seal = ({ epoch }) =>
          number === givenUp && times++ > 0
            ? refused({ code: "identity_changed", detail: "since it was sealed first" })
            : accepted({ epoch, payload: payloadOf(number) });
        mailbox.send({ group, seal }, () => {});
      }
      await rig.changeKey(group);
      await untilAnswered(2000);
      assert.deepEqual(
        await stored(),
        upTo(4).filter((number) => number !== givenUp),
      );
      mailbox.close();
    }
  });

  test("go on where they stopped after the database was away", async () => {
    const { steps, clock, mailbox, group, untilAnswered, frames, stored } = await rig.alone({ waitingMax: 5 });
    const write = (number: number) =>
      mailbox.send({ group, seal: ({ epoch }) => accepted({ epoch, payload: payloadOf(number) }) }, () => {});
    upTo(12).forEach(write);
    // Frames arrive, and no message is stored.
    for (let second = 0; second < 14; second++) await clock.advance(1000);
    await untilAnswered(2000);
    write(12);
    await untilAnswered(100);
    assert.deepEqual(await stored(), upTo(13));
    assert.ok(frames() <= 60, `${frames()} frames for 13 messages`);
    await steps.all();
    mailbox.close();
  });

  test("keep their order also when the client sends each again by itself after its retryAfterMs, in two frames each", async () => {
    const deployment = await rig.deployed(seededRandom(1), 1, { burst: 200, perSecond: 50 });
    const { steps, clock, servers } = deployment;
    const { send, acknowledged, stored } = await rig.plainClient(deployment, (number, retryAfterMs) => {
      clock.after(retryAfterMs, () => send(number));
    });
    for (const number of upTo(500)) send(number);
    for (let i = 0; i < 3000 && acknowledged.length < 500; i++) {
      await steps.all();
      await clock.advance(10);
    }
    assert.deepEqual(await stored(), upTo(500));
    const sends = servers[0]?.context.counters.sends ?? 0;
    assert.ok(sends <= 900, `${sends} frames for 500 messages`);
  });

  test("do not wait for a message that came twice and was refused once, when it is stored", async () => {
    const deployment = await rig.deployed(seededRandom(1), 1, { burst: 200, perSecond: 50 }, 5);
    const refusals: number[] = [];
    const { send, acknowledged, stored } = await rig.plainClient(deployment, (number) => void refusals.push(number));
    for (const number of upTo(5)) send(number);
    // No message is stored yet, and there is no room for more.
    for (const number of upTo(5)) send(number, true);
    assert.deepEqual(refusals, upTo(5));
    await deployment.steps.all();
    assert.deepEqual(acknowledged, upTo(5));
    send(5);
    await deployment.steps.all();
    assert.deepEqual(await stored(), upTo(6));
  });
});
