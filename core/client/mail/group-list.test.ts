import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "../../testing/fake-clock.ts";
import { present } from "../../testing/present.ts";
import { DeliverCursor, encodeDeliver } from "../../wire/deliver-frame.ts";
import { clientMessageId, epoch, groupId, seq, userId } from "../../wire/ids.ts";
import { messageTypes } from "../../wire/send-frame.ts";
import { GroupFeed } from "./group-feed.ts";
import { GroupList, type ListedGroup } from "./group-list.ts";

const [id, other] = [groupId(7), groupId(8)];

const listed = (of: { group?: typeof id; at?: number; lastSeq?: number; logLength?: number } = {}): ListedGroup => ({
  group: of.group ?? id,
  epoch: epoch(of.at ?? 1),
  lastSeq: seq(of.lastSeq ?? 0),
  logLength: of.logLength ?? 1,
});

/** A list whose feeds begin with the first message, and what happened to it, in order. */
function newList() {
  const clock = new FakeClock();
  const happened: string[] = [];
  const list = new GroupList({
    feedOf: (group, lastSeq) => {
      happened.push(`feed of ${group} at ${lastSeq}`);
      return new GroupFeed(group, seq(0), {
        clock,
        sink: { delivered() {}, missing() {} },
        request: ({ group: of }, after, through) => happened.push(`${of} requests ${after}-${through}`),
      });
    },
    joined: (group) => happened.push(`joined ${group.id} with ${group.feed.next} next`),
    entered: (group) => happened.push(`entered ${group}`),
    left: (group) => happened.push(`left ${group}, which is ${list.groups.has(group) ? "listed" : "gone"}`),
  });
  /** Has a group's feed hold a message that came early: it waits for those before it until it is closed. */
  const holdEarly = (group: typeof id) => {
    const payload = new Uint8Array(1);
    const message = { sender: userId(1), clientMessageId: clientMessageId(1n), type: messageTypes.application };
    const frame = encodeDeliver({
      group,
      firstSeq: seq(9),
      messages: [{ ...message, sentAt: 0, epoch: epoch(1), payload }],
    });
    const cursor = new DeliverCursor();
    assert.equal(cursor.begin(frame), undefined);
    present(list.groups.get(group)).feed.received(cursor, frame);
  };
  return { list, clock, happened, holdEarly };
}

const facts = (list: GroupList) => [...list.groups.values()].map(({ epoch: at, logLength }) => [at, logLength]);

test("a new group is announced, then requests what it lacks, and then takes messages", () => {
  const { list, happened } = newList();
  list.enter(listed({ lastSeq: 3, at: 2, logLength: 4 }));
  assert.deepEqual(happened, ["feed of 7 at 3", "joined 7 with 1 next", "7 requests 0-3", "entered 7"]);
  assert.deepEqual(facts(list), [[2, 4]]);
  assert.equal(list.epochOf(id), 2);
});

test("a known group is announced only once; its feed learns of newer messages", () => {
  const { list, happened } = newList();
  list.enter(listed());
  happened.length = 0;
  list.enter(listed({ lastSeq: 5 }));
  assert.deepEqual(happened, ["7 requests 0-5"]);
});

test("an older list takes neither the epoch nor the log of a group back, a newer one moves both on", () => {
  const { list } = newList();
  list.enter(listed({ at: 5, logLength: 9 }));
  list.enter(listed({ at: 4, logLength: 8 }));
  assert.deepEqual(facts(list), [[5, 9]]);
  list.enter(listed({ at: 6, logLength: 10 }));
  assert.deepEqual(facts(list), [[6, 10]]);
});

test("an epoch that the server names moves that of a known group on, and never back", () => {
  const { list } = newList();
  list.enter(listed({ at: 5 }));
  for (const [named, known] of [
    [4, 5],
    [6, 6],
  ] as const) {
    list.sawEpoch(id, epoch(named));
    assert.equal(list.epochOf(id), known);
  }
  list.sawEpoch(other, epoch(3));
  assert.equal(list.epochOf(other), undefined);
});

test("a group that was left is gone with its feed, and the list remembers it until the user enters it again", () => {
  const { list, happened, clock, holdEarly } = newList();
  list.enter(listed());
  holdEarly(id);
  happened.length = 0;
  assert.ok(!list.hasLeft(id));
  list.leave(id);
  list.leave(id);
  assert.deepEqual(happened, ["left 7, which is gone"]);
  assert.equal(clock.waiting, 0, "its feed is closed");
  assert.equal(list.epochOf(id), undefined);
  assert.ok(list.hasLeft(id));
  list.enter(listed());
  assert.ok(!list.hasLeft(id));
  assert.ok(happened.includes("joined 7 with 1 next"));
});

test("a group that was never entered cannot be left", () => {
  const { list, happened } = newList();
  list.leave(other);
  assert.deepEqual(happened, []);
  assert.ok(!list.hasLeft(other));
});
