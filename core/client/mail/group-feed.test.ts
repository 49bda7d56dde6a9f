import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { FakeClock } from "../../testing/fake-clock.ts";
import { present } from "../../testing/present.ts";
import { propertyRuns } from "../../testing/property-runs.ts";
import { DeliverCursor, encodeDeliver } from "../../wire/deliver-frame.ts";
import { clientMessageId, epoch, groupId, seq, userId } from "../../wire/ids.ts";
import { GroupFeed } from "./group-feed.ts";

const group = groupId(7);

function deliver(from: number, count: number): Uint8Array {
  const messages = Array.from({ length: count }, (_, i) => ({
    sender: userId(1),
    clientMessageId: clientMessageId(BigInt(from + i)),
    type: 0 as const,
    sentAt: 0,
    epoch: epoch(1),
    payload: Buffer.from(String(from + i)),
  }));
  return encodeDeliver({ group, firstSeq: seq(from), messages });
}

/** A frame with one message that is filled up to so many bytes. */
function oneMessage(at: number, bytes: number): Uint8Array {
  const message = {
    sender: userId(1),
    clientMessageId: clientMessageId(1n),
    type: 0 as const,
    sentAt: 0,
    epoch: epoch(1),
  };
  return encodeDeliver({
    group,
    firstSeq: seq(at),
    messages: [{ ...message, payload: Buffer.from(String(at).padEnd(bytes)) }],
  });
}

/** A feed with everything that it passed on and asked for. */
function feedFrom(after: number) {
  const clock = new FakeClock();
  const passed: number[] = [];
  const missing: string[] = [];
  const asked: [after: number, through: number][] = [];
  const feed = new GroupFeed(group, seq(after), {
    clock,
    sink: {
      delivered: (_, message) => {
        assert.equal(Buffer.from(message.payload).toString().trimEnd(), String(message.seq));
        passed.push(message.seq);
      },
      missing: (_, from, through) => missing.push(`${from}-${through}`),
    },
    request: (_, from, through) => asked.push([from, through]),
  });
  const cursor = new DeliverCursor();
  const receive = (from: number, count: number) => {
    // The socket reuses its buffer as soon as the call is over.
    const frame = Buffer.from(deliver(from, count));
    assert.equal(cursor.begin(frame), undefined);
    feed.received(cursor, frame);
    frame.fill(0);
  };
  return { feed, clock, passed, missing, asked, receive };
}

test("messages in order are passed on at once, repeated ones are dropped", () => {
  const { receive, passed, asked } = feedFrom(10);
  receive(11, 2);
  receive(11, 2);
  receive(12, 3);
  receive(9, 2);
  assert.deepEqual(passed, [11, 12, 13, 14]);
  assert.deepEqual(asked, []);
});

test("a frame that comes early is held until the messages before it have come", async () => {
  const { receive, passed, asked, clock } = feedFrom(0);
  receive(3, 2);
  receive(5, 1);
  assert.deepEqual(passed, []);
  receive(1, 2);
  assert.deepEqual(passed, [1, 2, 3, 4, 5]);
  await clock.advance(1000);
  assert.deepEqual(asked, [], "the gap closed by itself");
});

test("a gap that stays is fetched, up to the first held message and no further", async () => {
  const { feed, receive, passed, asked, clock } = feedFrom(0);
  receive(5, 2);
  await clock.advance(1000);
  assert.deepEqual(asked, [[0, 4]]);
  receive(1, 4);
  feed.answered(seq(4));
  assert.deepEqual(passed, [1, 2, 3, 4, 5, 6]);
  assert.ok(feed.isCurrent);
});

test("seqs without a message are passed over and reported as missing, the messages between them are passed on", () => {
  const { feed, receive, passed, missing, asked } = feedFrom(0);
  feed.learn(seq(9));
  assert.deepEqual(asked, [[0, 9]]);
  // So it is in a group whose messages have expired, and whose membership entries stay.
  receive(3, 1);
  receive(5, 2);
  feed.answered(seq(7));
  assert.deepEqual(missing, ["1-2", "4-4", "7-7"]);
  assert.deepEqual(passed, [3, 5, 6]);
  assert.deepEqual(asked.at(-1), [7, 9]);
});

test("messages behind a seq without one are fetched again when there is no room to hold them", () => {
  const { feed, receive, passed, missing, asked } = feedFrom(0);
  const last = 20_000;
  feed.learn(seq(last));
  for (let answered = 0; answered < asked.length; answered++) {
    assert.ok(answered < 10, "every answer brings it on");
    const [after] = present(asked[answered]);
    for (let from = Math.max(10, after + 1); from <= last; from++) receive(from, 1);
    feed.answered(seq(last));
  }
  assert.ok(asked.length > 1, "there was no room");
  assert.deepEqual(missing, ["1-9"]);
  assert.deepEqual(
    passed,
    Array.from({ length: last - 9 }, (_, i) => 10 + i),
  );
});

test("a range whose request failed is requested again when the group is listed again", () => {
  const { feed, asked } = feedFrom(0);
  feed.learn(seq(3));
  feed.learn(seq(3));
  assert.equal(asked.length, 1, "one request at a time");
  feed.answered(undefined);
  feed.learn(seq(3));
  assert.deepEqual(asked, [
    [0, 3],
    [0, 3],
  ]);
});

test("a server that claims seqs without end and delivers nothing is asked no more than once a second", async () => {
  const { feed, clock, asked, receive, passed } = feedFrom(0);
  feed.learn(seq(1_000_000));
  let answered = 0;
  const answerAll = (end: (after: number) => number) => {
    // The bound ends a loop of requests.
    for (; answered < asked.length && answered < 1000; answered++) {
      feed.answered(seq(end(present(asked[answered])[0])));
    }
  };
  for (const step of [0, 1]) {
    const before = asked.length;
    for (let ms = 0; ms < 10_000; ms += 10) {
      answerAll((after) => after + step);
      await clock.advance(10);
    }
    assert.ok(asked.length - before <= 11, `${asked.length - before} asks in ten seconds, each moving on by ${step}`);
  }
  // Once there is something, it goes on at once.
  await clock.advance(1000);
  answerAll((after) => after);
  await clock.advance(1000);
  const before = asked.length;
  receive(feed.next, 4);
  answerAll((after) => after + 4);
  assert.equal(passed.length, 4);
  assert.equal(asked.length, before + 1);
});

test("held frames have a bound: a frame beyond it is dropped and fetched again", () => {
  const { feed, receive, passed, missing, asked } = feedFrom(0);
  const tooMany = 20_000;
  feed.learn(seq(2));
  receive(4, 1);
  receive(6, tooMany);
  feed.answered(seq(2));
  assert.deepEqual(asked, [
    [0, 2],
    [2, 3],
  ]);
  receive(3, 1);
  feed.answered(seq(3));
  assert.deepEqual(passed, [3, 4]);
  assert.deepEqual(missing, ["1-2"]);
  assert.deepEqual(asked.at(-1), [4, 5 + tooMany]);
});

test("a shorter frame of the same first seq does not replace the held one", () => {
  const { feed, receive, passed, missing } = feedFrom(0);
  feed.learn(seq(20));
  receive(11, 5);
  receive(11, 1);
  feed.answered(seq(20));
  assert.deepEqual(passed, [11, 12, 13, 14, 15]);
  assert.deepEqual(missing, ["1-10", "16-20"]);
});

test("what was passed on before is nothing new: a page with nothing else is followed by a pause", async () => {
  const { feed, receive, asked, clock, passed } = feedFrom(10);
  feed.learn(seq(20));
  receive(9, 2);
  feed.answered(seq(15));
  assert.deepEqual(asked, [[10, 20]]);
  await clock.advance(1000);
  assert.deepEqual(asked.at(-1), [15, 20]);
  assert.deepEqual(passed, []);
});

test("a page that brought messages and does not go on is followed by a pause", async () => {
  const { feed, receive, asked, clock } = feedFrom(0);
  feed.learn(seq(10));
  receive(5, 1);
  feed.answered(seq(0));
  assert.deepEqual(asked, [[0, 10]]);
  await clock.advance(1000);
  assert.deepEqual(asked.at(-1), [0, 4]);
});

test("a frame that is held already and comes again while a range is on its way is not fetched", () => {
  const { feed, receive, passed, missing, asked } = feedFrom(0);
  feed.learn(seq(20));
  receive(11, 5);
  receive(11, 5);
  feed.answered(seq(20));
  assert.deepEqual([passed.length, missing, asked.length], [5, ["1-10", "16-20"], 1]);
});

test("half a MiB is held, and no byte more", () => {
  const overhead = oneMessage(2, 1).length - 1;
  for (const more of [0, 1]) {
    const { feed, asked, missing } = feedFrom(0);
    const frame = oneMessage(2, 512 * 1024 - overhead + more);
    const cursor = new DeliverCursor();
    feed.learn(seq(1));
    assert.equal(cursor.begin(frame), undefined);
    feed.received(cursor, frame);
    feed.answered(seq(1));
    assert.deepEqual(missing, ["1-1"]);
    assert.equal(feed.isCurrent, more === 0);
    assert.equal(asked.length, 1 + more);
  }
});

test("room for frames that come early is there again when these were passed on", () => {
  const { receive, passed } = feedFrom(0);
  const many = 4000;
  for (let from = 1; from < 10 * many; from += many + 1) {
    receive(from + 1, many);
    receive(from, 1);
  }
  assert.equal(passed.length, 10 * (many + 1));
});

test("a gap behind one that has closed is fetched when its own time is over, and no timer is left where all have closed", async () => {
  const { feed, receive, passed, asked, clock } = feedFrom(0);
  receive(3, 1);
  receive(5, 1);
  receive(1, 2);
  assert.deepEqual(passed, [1, 2, 3]);
  await clock.advance(200);
  assert.deepEqual(asked, [[3, 4]]);
  receive(4, 1);
  feed.answered(seq(4));
  assert.deepEqual(passed, [1, 2, 3, 4, 5]);

  const closed = feedFrom(0);
  closed.receive(2, 1);
  assert.equal(closed.clock.waiting, 1);
  closed.receive(1, 1);
  assert.equal(closed.clock.waiting, 0);
});

test("with messages lost, repeated, reordered and expired, every message that still exists arrives once and in order", () => {
  const last = 70;
  const seqs = Array.from({ length: last }, (_, i) => i + 1);
  const arrival = fc.record({
    from: fc.integer({ min: 1, max: 60 }),
    count: fc.integer({ min: 1, max: 8 }),
    isAnswer: fc.boolean(),
  });
  const expiredSeqs = fc.uniqueArray(fc.integer({ min: 1, max: last }));
  fc.assert(
    fc.property(fc.array(arrival, { maxLength: 60 }), expiredSeqs, (arrivals, expired) => {
      const { feed, receive, passed, missing, asked } = feedFrom(0);
      const kept = seqs.filter((at) => !expired.includes(at));
      /** A frame holds seqs that follow one another. */
      const receiveThose = (those: readonly number[]) => {
        const starts = those.filter((at) => !those.includes(at - 1));
        for (const start of starts) receive(start, seqs.findIndex((i) => !those.includes(start + i)) + 1);
      };
      feed.learn(seq(last));
      let answered = 0;
      const answerNext = () => {
        const range = asked[answered++];
        if (!range) return false;
        const [after, through] = range;
        const wanted = kept.filter((at) => at > after && at <= through);
        // A page holds ten at most.
        const page = wanted.slice(0, 10);
        receiveThose(page);
        feed.answered(seq(page.length < wanted.length ? present(page.at(-1)) : through));
        return true;
      };
      for (const { from, count, isAnswer } of arrivals) {
        if (isAnswer) answerNext();
        else receiveThose(kept.filter((at) => at >= from && at < from + count));
      }
      while (answerNext());
      assert.deepEqual(passed, kept);
      const reported = missing.flatMap((range) => {
        const [from = 0, through = 0] = range.split("-").map(Number);
        return seqs.filter((at) => at >= from && at <= through);
      });
      assert.deepEqual(
        reported,
        [...expired].sort((a, b) => a - b),
      );
    }),
    propertyRuns(300),
  );
});
