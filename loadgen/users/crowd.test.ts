import assert from "node:assert/strict";
import { test } from "node:test";
import { type Random, seededRandom } from "../../core/platform/random.ts";
import { FakeClock } from "../../core/testing/fake-clock.ts";
import { present } from "../../core/testing/present.ts";
import { type GroupId, groupId } from "../../core/wire/ids.ts";
import { GroupObserver } from "../audit/group-observer.ts";
import { FakeServer, unusedKeyPairs, workloadOf } from "../testing/fake-users.ts";
import { MeasuredWindow } from "../workload/measured-window.ts";
import type { PlannedGroup } from "../workload/population.ts";
import type { WorkloadText } from "../workload/workload.ts";
import { Crowd } from "./crowd.ts";
import { Observation } from "./observation.ts";

interface CrowdOf extends Partial<WorkloadText> {
  readonly thread?: number;
  readonly target?: string;
  readonly accounts?: "signUp" | "seeded";
  readonly random?: Random;
  /** The members of each group, its founder first. */
  readonly members?: readonly (readonly number[])[];
}

/** The fake users of a thread, with their server. */
function newCrowd({
  thread = 0,
  target = "chat.example:7400",
  accounts = "signUp",
  random = seededRandom(1),
  members = [],
  ...change
}: CrowdOf) {
  const clock = new FakeClock();
  const server = new FakeServer();
  const workload = workloadOf({ clients: 4, groups: [{ count: 1, sizes: { kind: "fixed", size: 1 } }], ...change });
  const groups = members.map((of): PlannedGroup => ({ founder: of[0] ?? 0, members: of, weight: 1, senders: "any" }));
  const observation = new Observation({ clock, window: new MeasuredWindow(), lateness: [], stampOffsetMicros: 0 });
  const crowd = new Crowd(
    {
      thread,
      workload,
      target,
      accounts: { kind: accounts, namePrefix: "user", password: "secret" },
      keyPairs: [unusedKeyPairs, { ...unusedKeyPairs }],
    },
    { clients: workload.clients, groups },
    { observation, clock, random, newUser: (setup) => server.newUser(setup, observation) },
  );
  /** The lines of the log that have this word, without it. */
  const who = (word: string) => server.log.filter((line) => line.includes(word)).map((line) => line.split(" ")[0]);
  return { crowd, server, clock, observation, who };
}

const setupOf = (server: FakeServer, name: string) => present(server.users.get(name)).setup;

test("a thread connects every one of its users, with its account, its key pair and a chance of its own", async () => {
  const { crowd, server, who } = newCrowd({ clients: 7, threads: 2, thread: 1 });
  await crowd.connect();
  assert.deepEqual(who("signUp"), ["user1", "user3", "user5"]);
  assert.deepEqual([...crowd.users.keys()], [1, 3, 5]);
  assert.deepEqual([crowd.isMine(3), crowd.isMine(4)], [true, false]);
  const [one, three] = [setupOf(server, "user1"), setupOf(server, "user3")];
  assert.deepEqual([one.target, one.accounts.password, one.localAddress], ["chat.example:7400", "secret", undefined]);
  assert.equal(one.keyPairs, three.keyPairs, "two pairs are shared in turn");
  assert.notEqual(one.random.uint32(), three.random.uint32());
});

test("users who are in the database already log in", async () => {
  const { crowd, server } = newCrowd({ clients: 2, accounts: "seeded" });
  await crowd.connect();
  assert.deepEqual(server.log, ["user0 logIn", "user1 logIn"]);
});

test("users come evenly over the ramp", async () => {
  const { crowd, server, clock } = newCrowd({ clients: 4, rampSeconds: 8 });
  const connecting = crowd.connect();
  const come: number[] = [];
  for (let second = 0; second < 8; second++) {
    await clock.advance(second === 0 ? 0 : 1000);
    come.push(server.log.length);
  }
  assert.deepEqual(come, [1, 1, 2, 2, 3, 3, 4, 4]);
  await connecting;
  assert.equal(clock.waiting, 0);
});

test("without a ramp all come at once, thirty-two at a time", async () => {
  const { crowd, server, clock } = newCrowd({ clients: 40 });
  const busy = { code: "busy", detail: "", retryAfterMs: 1000 } as const;
  server.refusals.push(...Array.from({ length: 32 }, () => busy));
  const connecting = crowd.connect();
  await clock.advance(999);
  assert.equal(server.log.length, 32);
  await clock.advance(10_000);
  await connecting;
  assert.equal(new Set(server.log).size, 40);
});

test("a user whom a busy server did not let in tries again after the pause that it names and some more", async () => {
  const { crowd, server, clock } = newCrowd({ clients: 1 });
  server.refusals.push({ code: "busy", detail: "", retryAfterMs: 5000 }, { code: "offline", detail: "" });
  const connecting = crowd.connect();
  await clock.advance(5000);
  assert.equal(server.log.length, 1);
  await clock.advance(200);
  assert.equal(server.log.length, 2);
  await clock.advance(400);
  await connecting;
  assert.deepEqual(server.log, ["user0 signUp", "user0 signUp", "user0 signUp"]);
});

test("a name that is taken at a second try is the user's own, and they log in", async () => {
  const { crowd, server, clock } = newCrowd({ clients: 1 });
  server.refusals.push(
    { code: "timeout", detail: "" },
    { code: "timeout", detail: "" },
    { code: "name_taken", detail: "" },
  );
  const connecting = crowd.connect();
  await clock.advance(10_000);
  await connecting;
  assert.deepEqual(server.log.slice(-2), ["user0 signUp", "user0 logIn"]);
});

test("a user who cannot get in ends the load, and the failure says who and why", async () => {
  const { crowd, server } = newCrowd({ clients: 1 });
  server.refusals.push({ code: "name_taken", detail: "user0 is somebody else" });
  await assert.rejects(crowd.connect(), {
    code: "name_taken",
    message: "user user0 cannot get in: user0 is somebody else",
    advice: "look at the servers' log; lower the load if they were busy",
  });
});

test("deliveries are opened as often as the workload says, and never without encryption", async () => {
  for (const [encryption, least, most] of [
    [{ mode: "real", openShare: 0 }, 0, 0],
    [{ mode: "real", openShare: 0.25 }, 200, 300],
    [{ mode: "real", openShare: 1 }, 1000, 1000],
    [{ mode: "sealed" }, 0, 0],
    [{ mode: "none" }, 0, 0],
  ] as const) {
    const { crowd, server } = newCrowd({ clients: 1, encryption });
    await crowd.connect();
    const setup = setupOf(server, "user0");
    const opened = Array.from({ length: 1000 }, () => setup.opens()).filter(Boolean).length;
    assert.ok(opened >= least && opened <= most, `${opened} of 1000 for ${JSON.stringify(encryption)}`);
  }
  for (const encryption of [{ mode: "real", openShare: 0 }, { mode: "sealed" }, { mode: "none" }] as const) {
    const { crowd, server } = newCrowd({ clients: 1, encryption, random: { ...seededRandom(1), unit: () => 0 } });
    await crowd.connect();
    assert.equal(setupOf(server, "user0").opens(), false, "whatever is drawn");
  }
});

test("more users than a loopback address has ports for come from several addresses, and only over loopback", async () => {
  const addressOf = async (target: string, clients: number, index: number) => {
    const threads = 16;
    const { crowd, server } = newCrowd({ target, clients, threads, thread: index % threads });
    await crowd.connect();
    return setupOf(server, `user${index}`).localAddress;
  };
  assert.equal(await addressOf("127.0.0.1:7400", 20_000, 19_999), undefined);
  assert.equal(await addressOf("127.0.0.1:7400", 20_001, 19_999), "127.0.1.1");
  assert.equal(await addressOf("localhost:7400", 20_001, 20_000), "127.0.2.1");
  for (const target of ["10.127.0.1:7400", "localhost.example:7400", "a-localhost:7400"]) {
    assert.equal(await addressOf(target, 20_001, 20_000), undefined, target);
  }
});

test("a thread founds the groups whose founder is its own, each with its other members", async () => {
  const { crowd, server } = newCrowd({
    threads: 2,
    members: [
      [0, 1, 2],
      [1, 0],
      [2, 3],
    ],
  });
  await crowd.connect();
  const founded = await crowd.found();
  assert.deepEqual([...founded.keys()], [0, 2]);
  assert.notEqual(founded.get(0), founded.get(2));
  assert.deepEqual(server.log.slice(-2), ["user0 founds group 0 with user1,user2", "user2 founds group 2 with user3"]);
});

test("a group that cannot be founded ends the load, and the failure says which and why", async () => {
  const { crowd, server } = newCrowd({ members: [[0, 1]] });
  await crowd.connect();
  server.founds = false;
  await assert.rejects(crowd.found(), { code: "found_group", message: "group 0 cannot be founded: no room" });
});

test("all are in when each of the thread's users is a member of each of their groups, and then have the groups' keys", async () => {
  const { crowd, who } = newCrowd({
    threads: 2,
    encryption: { mode: "real" },
    members: [
      [0, 1, 2],
      [2, 3],
    ],
  });
  await crowd.connect();
  const founded = await crowd.found();
  await crowd.join(founded);
  assert.deepEqual(who("reads"), ["user0", "user2", "user2"]);
  assert.deepEqual([crowd.groupAt(0), crowd.groupAt(1)], [founded.get(0), founded.get(1)]);
});

test("without encryption nobody needs a key", async () => {
  const { crowd, who } = newCrowd({ encryption: { mode: "sealed" }, members: [[0, 1]] });
  await crowd.connect();
  await crowd.join(await crowd.found());
  assert.deepEqual(who("reads"), []);
});

test("a key that cannot be had ends the load", async () => {
  const { crowd, server } = newCrowd({ encryption: { mode: "real" }, members: [[0, 1]] });
  await crowd.connect();
  const founded = await crowd.found();
  server.unreadable.add(present(founded.get(0)));
  await assert.rejects(crowd.join(founded), { code: "read_group", message: /^user user[01]: no log$/ });
});

test("users who are not admitted to their groups within half a minute end the load", async () => {
  const { crowd, server, clock, observation } = newCrowd({ encryption: { mode: "none" }, members: [[0, 1]] });
  await crowd.connect();
  server.admits = false;
  const founded = await crowd.found();
  observation.joined(present(crowd.users.get(0)), groupId(70), 0);
  let isOver = false;
  const joining = assert
    .rejects(crowd.join(founded), { code: "join_group", message: "1 clients are not yet members of their groups" })
    .finally(() => (isOver = true));
  await clock.advance(30_000);
  assert.equal(isOver, false);
  await clock.advance(40);
  await joining;
});

test("whoever is admitted while the others wait lets the load begin", async () => {
  const { crowd, server, clock, observation } = newCrowd({ encryption: { mode: "none" }, members: [[0, 1]] });
  await crowd.connect();
  server.admits = false;
  const joining = crowd.join(await crowd.found());
  await clock.advance(1000);
  for (const user of crowd.users.values()) if (user.index < 2) observation.joined(user, groupId(70), 0);
  await clock.advance(20);
  await joining;
  assert.equal(clock.waiting, 0);
});

test("a user of another thread and a group that was not founded are errors that name them", async () => {
  const { crowd } = newCrowd({ clients: 2, threads: 2 });
  await crowd.connect();
  assert.equal(crowd.userAt(0).name, "user0");
  assert.throws(() => crowd.userAt(1), /client 1 /);
  assert.throws(() => crowd.groupAt(5), /group 5 /);
});

test("as few users as possible read all groups again, with the tokens of their logins; nobody reads twice", async () => {
  const { crowd, server, observation } = newCrowd({ clients: 4 });
  await crowd.connect();
  const [a, b, c] = [groupId(1), groupId(2), groupId(3)];
  const enter = (index: number, ...groups: readonly GroupId[]) => {
    for (const group of groups) observation.joined(present(crowd.users.get(index)), group, 0);
  };
  enter(0, a);
  enter(1, a, b);
  enter(2, b, c);
  enter(3, c);
  assert.deepEqual(
    crowd.readers().map(({ client, user, token, groups }) => [client, user, Buffer.from(token).toString(), groups]),
    [
      [1, 2, "user1", [a, b]],
      [2, 3, "user2", [c]],
    ],
  );
  // Whoever has never got in reads nothing.
  present(server.users.get("user1")).welcome = undefined;
  assert.deepEqual(
    crowd.readers().map(({ client, groups }) => [client, groups]),
    [
      [2, [b, c]],
      [0, [a]],
    ],
  );
});

test("groups that nobody observes are not read again", async () => {
  const { crowd } = newCrowd({ clients: 2 });
  await crowd.connect();
  const stay = new GroupObserver(groupId(9), 0).enter(0, present(crowd.users.get(0)).user, 0);
  present(crowd.users.get(0)).stays.set(groupId(9), stay);
  assert.deepEqual(crowd.readers(), []);
});

test("a crowd that closes closes all its users", async () => {
  const { crowd, who } = newCrowd({ clients: 3 });
  await crowd.connect();
  await crowd.close();
  assert.deepEqual(who("closes"), ["user0", "user1", "user2"]);
});
