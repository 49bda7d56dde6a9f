import assert from "node:assert/strict";
import { test } from "node:test";
import type { GroupRecord } from "../../store/groups.ts";
import { FakeClock } from "../../testing/fake-clock.ts";
import { present } from "../../testing/present.ts";
import { until } from "../../testing/until.ts";
import { epoch, type GroupId, groupId, seq, type UserId, userId } from "../../wire/ids.ts";
import type { Bus } from "../bus.ts";
import { databaseDouble, sessionDouble } from "../testing/doubles.ts";
import { GroupDirectory } from "./group-directory.ts";

const [one, two] = [groupId(1), groupId(2)];
const [alice, bob] = [userId(1), userId(2)];

interface Read {
  /** The ids of the groups that are read. */
  readonly ids: unknown;
  answer(...records: readonly GroupRecord[]): void;
  fail(): void;
}

/** A directory whose reads wait for their answers. */
function directory() {
  const reads: Read[] = [];
  const subscribed = new Set<GroupId>();
  const database = databaseDouble(
    ({ values }) =>
      new Promise((resolve, reject) => {
        reads.push({
          ids: values?.[0],
          answer: (...records) => resolve(records),
          fail: () => reject(new Error("the database is away")),
        });
      }),
  );
  const bus: Pick<Bus, "subscribe" | "unsubscribe"> = {
    subscribe: async (ids) => {
      for (const id of ids) subscribed.add(id);
    },
    unsubscribe: (ids) => {
      for (const id of ids) subscribed.delete(id);
    },
  };
  const clock = new FakeClock();
  const groups = new GroupDirectory(database, bus, clock);
  /** The next read, once it has begun. */
  const nextRead = async () => {
    await until(() => reads.length > 0, "a group is read");
    return present(reads.shift());
  };
  return { groups, subscribed, reads, nextRead, clock };
}

const record = (id: GroupId, logLength: number, members: readonly UserId[]): GroupRecord => ({
  id,
  epoch: epoch(logLength),
  lastSeq: seq(logLength),
  logLength,
  members: [...members],
});

/** The entry with this index; it removes bob. */
const removal = (group: GroupId, index: number) => ({
  group,
  index,
  epoch: epoch(index + 1),
  seq: seq(index + 1),
  joined: [],
  left: [bob],
});

test("all callers that ask for a group while it is read get the same object", async () => {
  const { groups, reads, nextRead } = directory();
  const first = groups.follow(one);
  const read = await nextRead();
  const second = groups.follow(one);
  read.answer(record(one, 1, [alice]));
  const group = await first;
  assert.ok(group);
  assert.equal(await second, group);
  assert.equal(groups.get(one), group);
  assert.equal(reads.length, 0);
});

test("a group is read once more when an entry of it comes meanwhile, since the row may be older", async () => {
  const { groups, nextRead } = directory();
  const watching = groups.follow(one);
  const stale = await nextRead();
  groups.apply(removal(one, 1));
  stale.answer(record(one, 1, [alice, bob]));
  (await nextRead()).answer(record(one, 2, [alice]));
  const group = await watching;
  assert.deepEqual([...(group?.members ?? [])], [alice]);
  assert.equal(group?.logLength, 2);
});

test("a seq that is taken while a group is read is not forgotten", async () => {
  const { groups, nextRead } = directory();
  const watching = groups.follow(one);
  const read = await nextRead();
  groups.advance(one, seq(7));
  read.answer(record(one, 1, [alice]));
  assert.equal((await watching)?.lastSeq, 7);
});

test("only callers that ask for a group that goes on changing wait for it", async () => {
  const { groups, nextRead } = directory();
  const watching = [groups.follow(one), groups.follow(two)] as const;
  const both = await nextRead();
  assert.deepEqual(both.ids, [one, two]);
  groups.apply(removal(one, 1));
  both.answer(record(one, 1, [alice, bob]), record(two, 1, [alice]));
  assert.equal((await watching[1])?.id, two);
  const again = await nextRead();
  assert.deepEqual(again.ids, [one]);
  again.fail();
  await assert.rejects(watching[0]);
  assert.equal(groups.get(two)?.id, two, "the group that was read stays");
});

test("a group that cannot be read, or does not exist, is left at the bus, and read anew for the next caller", async () => {
  const { groups, subscribed, nextRead } = directory();
  const failing = groups.follow(one);
  const read = await nextRead();
  assert.deepEqual([...subscribed], [one]);
  read.fail();
  await assert.rejects(failing, /away/);
  assert.deepEqual([...subscribed], []);
  const missing = groups.follow(one);
  (await nextRead()).answer();
  assert.equal(await missing, undefined);
  assert.deepEqual([...subscribed], []);
  const found = groups.follow(one);
  (await nextRead()).answer(record(one, 1, [alice]));
  assert.equal((await found)?.id, one);
  assert.deepEqual([...subscribed], [one]);
});

test("a caller reads a group again that did not exist when another caller began to read it", async () => {
  const { groups, nextRead } = directory();
  const early = groups.follow(one);
  const before = await nextRead();
  const late = groups.follow(one);
  before.answer();
  assert.equal(await early, undefined);
  (await nextRead()).answer(record(one, 1, [alice]));
  assert.equal((await late)?.id, one);
});

test("all callers who waited for a group that did not exist get one object once it does", async () => {
  const { groups, reads, nextRead } = directory();
  const early = groups.follow(one);
  const before = await nextRead();
  const late = [groups.follow(one), groups.follow(one)];
  before.answer();
  assert.equal(await early, undefined);
  (await nextRead()).answer(record(one, 1, [alice]));
  const [first, second] = await Promise.all(late);
  assert.ok(first);
  assert.equal(first, second);
  assert.deepEqual(reads, [], "it is read once for both");
});

test("a change that comes again, or late, undoes nothing, and neither does an older row", async () => {
  const { groups, nextRead } = directory();
  const following = groups.follow(one);
  (await nextRead()).answer(record(one, 1, [alice, bob]));
  const group = present(await following);
  const removal = { group: one, index: 1, epoch: epoch(2), seq: seq(2), joined: [], left: [bob] };
  const admission = { group: one, index: 2, epoch: epoch(3), seq: seq(3), joined: [bob], left: [] };
  for (const change of [removal, admission, removal]) assert.equal(groups.apply(change), group);
  const facts = () => [group.epoch, group.lastSeq, group.logLength, [...group.members]];
  assert.deepEqual(facts(), [3, 3, 3, [alice, bob]]);
  const reloading = groups.reload(one);
  (await nextRead()).answer(record(one, 2, [alice]));
  assert.equal(await reloading, group);
  assert.deepEqual(facts(), [3, 3, 3, [alice, bob]]);
});

test("a group that nobody here has been in for a while is forgotten, and the bus brings it no more; another stays", async () => {
  const { groups, subscribed, nextRead, clock } = directory();
  const session = sessionDouble();
  for (const id of [one, two]) {
    const following = groups.follow(id);
    (await nextRead()).answer(record(id, 1, [alice]));
    groups.enter(present(await following), session);
  }
  await clock.advance(60_000);
  groups.leave(present(groups.get(two)), session);
  await clock.advance(29_000);
  groups.forgetIdle();
  assert.deepEqual([...subscribed], [one, two], "not at once");
  await clock.advance(2_000);
  groups.forgetIdle();
  assert.deepEqual([...subscribed], [one]);
  assert.deepEqual([groups.get(one)?.id, groups.get(two)], [one, undefined]);
});

test("an idle group that somebody asks for is not forgotten before they can enter it", async () => {
  const { groups, nextRead, clock } = directory();
  const following = groups.follow(one);
  (await nextRead()).answer(record(one, 1, [alice]));
  await following;
  await clock.advance(31_000);
  const again = groups.follow(one);
  groups.forgetIdle();
  groups.enter(present(await again), sessionDouble());
  assert.equal(groups.get(one)?.sessions.size, 1);
});

test("a group that was forgotten is read anew", async () => {
  const { groups, reads, nextRead, clock } = directory();
  const following = groups.follow(one);
  (await nextRead()).answer(record(one, 1, [alice, bob]));
  const old = await following;
  await clock.advance(31_000);
  groups.forgetIdle();
  const again = groups.follow(one);
  (await nextRead()).answer(record(one, 2, [alice]));
  const group = present(await again);
  assert.notEqual(group, old);
  assert.deepEqual([group.logLength, [...group.members], reads], [2, [alice], []]);
});

test("a group that the server follows no more cannot be entered", async () => {
  const { groups, nextRead } = directory();
  const watching = groups.follow(one);
  (await nextRead()).answer(record(one, 1, [alice]));
  const group = await watching;
  assert.ok(group);
  assert.throws(() => groups.enter({ ...group }, sessionDouble()), /not followed/);
});
