import assert from "node:assert/strict";
import { test } from "node:test";
import { accepted, refused } from "../../platform/result.ts";
import { FakeClock } from "../../testing/fake-clock.ts";
import { present } from "../../testing/present.ts";
import { type GroupId, groupId, seq, seqBeforeFirst } from "../../wire/ids.ts";
import { limits } from "../../wire/limits.ts";
import { GroupFeed } from "./group-feed.ts";
import { RangeReader } from "./range-reader.ts";
import type { RequestRefusal } from "./server-link.ts";

/** A reader with feeds that lack three messages each, and a server that answers when the test has it answer. */
function newReader() {
  const clock = new FakeClock();
  const requests: { readonly group: GroupId; answer(refusal?: RequestRefusal): Promise<void> }[] = [];
  const reader = new RangeReader(clock, {
    request: ({ group, after, through }) =>
      new Promise((resolve) => {
        assert.deepEqual([after, through], [group * 10, group * 10 + 3]);
        requests.push({
          group,
          answer: async (refusal) => {
            if (refusal) resolve(refused(refusal));
            else resolve(accepted({ kind: "synced", request: 1, group, after, through, lastSeq: through }));
            await clock.advance(0);
          },
        });
      }),
  });
  const feeds: GroupFeed[] = [];
  const wantOf = (count: number) => {
    for (let i = 0; i < count; i++) {
      const group = groupId(feeds.length + 1);
      const feed = new GroupFeed(group, seq(group * 10), {
        clock,
        sink: { delivered() {}, missing() {} },
        request: (of, after, through) => reader.want(of, after, through),
      });
      feeds.push(feed);
      feed.learn(seq(group * 10 + 3));
    }
  };
  const request = (index: number) => present(requests[index], `request ${index}`);
  return { reader, clock, feeds, wantOf, request, groups: () => requests.map(({ group }) => Number(group)) };
}

const busy = (retryAfterMs?: number): RequestRefusal => ({ code: "busy", detail: "later", retryAfterMs });

test("four ranges are requested at once, and the next when one of them has its reply", async () => {
  const { wantOf, request, groups } = newReader();
  wantOf(6);
  assert.deepEqual(groups(), [1, 2, 3, 4]);
  await request(2).answer();
  assert.deepEqual(groups(), [1, 2, 3, 4, 5]);
  await request(0).answer(busy());
  assert.deepEqual(groups(), [1, 2, 3, 4, 5, 6]);
});

test("the reply brings its feed on", async () => {
  const { wantOf, request, feeds, groups, clock } = newReader();
  wantOf(1);
  await request(0).answer();
  assert.ok(feeds[0]?.isCurrent);
  await clock.advance(100_000);
  assert.deepEqual(groups(), [1]);
});

test("a range that is refused for now is requested again after the pause that the server names, within bounds", async () => {
  for (const [named, pauseMs] of [
    [700, 700],
    [undefined, 1000],
    [0, 50],
    [1e9, 60_000],
  ] as const) {
    const { wantOf, request, groups, clock, feeds } = newReader();
    wantOf(1);
    await request(0).answer(busy(named));
    await clock.advance(pauseMs - 1);
    assert.deepEqual(groups(), [1]);
    await clock.advance(1);
    assert.deepEqual(groups(), [1, 1], `the server named ${named} ms`);
    assert.ok(!feeds[0]?.isCurrent);
  }
});

test("a range of a group that the user has left, or without a connection, is not requested again by itself", async () => {
  for (const code of ["not_a_member", "offline"] as const) {
    const { wantOf, request, groups, clock, feeds } = newReader();
    wantOf(1);
    await request(0).answer({ code, detail: "no" });
    await clock.advance(100_000);
    assert.deepEqual(groups(), [1], code);
    // The feed knows that no reply is coming: the next list of groups has it request the range again.
    feeds[0]?.learn(seq(13));
    assert.deepEqual(groups(), [1, 1], code);
  }
});

test("when the connection breaks, no range that waits for its turn is requested again by itself", async () => {
  const { wantOf, request, groups, feeds, clock } = newReader();
  wantOf(6);
  for (let i = 0; i < 6; i++) await request(i).answer({ code: "offline", detail: "gone" });
  await clock.advance(100_000);
  assert.deepEqual(groups(), [1, 2, 3, 4, 5, 6]);
  for (const feed of feeds) feed.learn(seqBeforeFirst);
  assert.deepEqual(groups().slice(6), [1, 2, 3, 4]);
});

test("a range beyond the bound on ranges that wait is requested when the others have had time", async () => {
  const { wantOf, request, groups, clock } = newReader();
  const last = limits.userGroupsMax + 5;
  wantOf(last);
  for (let i = 0; i < last - 1; i++) await request(i).answer();
  assert.equal(groups().length, last - 1);
  await clock.advance(999);
  assert.equal(groups().length, last - 1);
  await clock.advance(1);
  assert.equal(groups().at(-1), last);
});
