import assert from "node:assert/strict";
import { test } from "node:test";
import { accepted, type Result, refused } from "../../platform/result.ts";
import { encodeDeliver } from "../../wire/deliver-frame.ts";
import { clientMessageId, epoch, groupId, seq, userId } from "../../wire/ids.ts";
import { messageTypes } from "../../wire/send-frame.ts";
import { HistoryReader } from "./history-reader.ts";
import type { RequestRefusal } from "./server-link.ts";

const [group, other] = [groupId(7), groupId(8)];

const textOf = (at: number) => `message ${at}`;

function deliver(from: number, texts: readonly string[]): Uint8Array {
  return encodeDeliver({
    group,
    firstSeq: seq(from),
    messages: texts.map((text, i) => ({
      sender: userId(1),
      clientMessageId: clientMessageId(BigInt(from + i)),
      type: messageTypes.application,
      sentAt: 0,
      epoch: epoch(1),
      payload: Buffer.from(text),
    })),
  });
}

/** Reads the messages from 4 to 9; for each request `page` delivers what it will and answers how far that went. */
async function read(page: (reader: HistoryReader, after: number) => number | RequestRefusal) {
  const asked: [after: number, through: number][] = [];
  const reader = new HistoryReader({
    async request({ group: of, after, through }) {
      asked.push([after, through]);
      const outcome = page(reader, after);
      if (typeof outcome === "object") return refused(outcome);
      const end = seq(outcome);
      return accepted({ kind: "synced", request: 1, group: of, after, through: end, lastSeq: end });
    },
  });
  const result = await reader.read(group, { after: seq(3), through: seq(9) });
  return { asked, messages: textsOf(result), result };
}

function textsOf(result: Result<(readonly [number, { payload: Uint8Array }])[], unknown>) {
  return result.ok ? result.value.map(([at, { payload }]) => [at, Buffer.from(payload).toString()]) : [];
}

const expected = (...seqs: number[]) => seqs.map((at) => [at, textOf(at)]);

test("pages are requested one behind the other until the range is read, and its messages come in order", async () => {
  const { asked, messages } = await read((reader, after) => {
    reader.delivered(group, deliver(after + 2, [textOf(after + 2)]));
    reader.delivered(group, deliver(after + 1, [textOf(after + 1)]));
    return after + 2;
  });
  assert.deepEqual(asked, [
    [3, 9],
    [5, 9],
    [7, 9],
  ]);
  assert.deepEqual(messages, expected(4, 5, 6, 7, 8, 9));
});

test("seqs without a message are left out", async () => {
  const { messages } = await read((reader) => {
    reader.delivered(group, deliver(6, [textOf(6)]));
    return 9;
  });
  assert.deepEqual(messages, expected(6));
});

test("messages of other groups and from outside the range are not taken", async () => {
  const { messages } = await read((reader) => {
    reader.delivered(other, deliver(5, [textOf(5)]));
    reader.delivered(group, deliver(3, [textOf(3), textOf(4)]));
    reader.delivered(group, deliver(9, [textOf(9), textOf(10)]));
    return 9;
  });
  assert.deepEqual(messages, expected(4, 9));
});

test("of two messages with one seq the first is taken", async () => {
  const { messages } = await read((reader) => {
    reader.delivered(group, deliver(4, [textOf(4)]));
    reader.delivered(group, deliver(4, ["another"]));
    return 9;
  });
  assert.deepEqual(messages, expected(4));
});

test("messages outlive the frame in which they came", async () => {
  const { messages } = await read((reader) => {
    const frame = deliver(4, [textOf(4)]);
    reader.delivered(group, frame);
    frame.fill(0);
    return 9;
  });
  assert.deepEqual(messages, expected(4));
});

test("a refusal of any page refuses the whole range, with the server's reason", async () => {
  const no: RequestRefusal = { code: "not_a_member", detail: "no" };
  const { result, asked } = await read((_, after) => (after === 3 ? 5 : no));
  assert.deepEqual(result, refused(no));
  assert.equal(asked.length, 2);
});

test("a server that does not go on is not asked for ever", async () => {
  for (const through of [5, 4]) {
    const { result, asked } = await read((_, after) => (after === 3 ? 5 : through));
    assert.deepEqual(result, refused({ code: "busy", detail: "the server does not go on" }));
    assert.equal(asked.length, 2);
  }
});

test("an empty range is read without a request", async () => {
  const reader = new HistoryReader({ request: () => assert.fail("nothing is to be read") });
  assert.deepEqual(await reader.read(group, { after: seq(9), through: seq(9) }), accepted([]));
});

test("what comes outside of a reading is ignored, and the next reading begins anew", async () => {
  let pages = 0;
  const reader = new HistoryReader({
    async request({ group: of, after, through }) {
      if (pages++ === 0) reader.delivered(group, deliver(4, [textOf(4)]));
      return accepted({ kind: "synced", request: 1, group: of, after, through, lastSeq: through });
    },
  });
  const range = { after: seq(3), through: seq(9) };
  reader.delivered(group, deliver(5, [textOf(5)]));
  assert.deepEqual(textsOf(await reader.read(group, range)), expected(4));
  reader.delivered(group, deliver(5, [textOf(5)]));
  assert.deepEqual(textsOf(await reader.read(group, range)), []);
});
