import assert from "node:assert/strict";
import { test } from "node:test";
import { settleAll } from "../../testing/fake-network.ts";
import { present } from "../../testing/present.ts";
import { encodeRequest } from "../../wire/client-frame.ts";
import { epoch, groupId, seq, userId } from "../../wire/ids.ts";
import { limits } from "../../wire/limits.ts";
import { parseServerFrame, type ServerFrame } from "../../wire/server-frame.ts";
import { ClientSession } from "../client-session.ts";
import { claimsOf, connectionDouble, databaseDouble, messageRow, serverDouble } from "../testing/doubles.ts";

const alice = userId(1);
const seven = groupId(7);
const lastSeq = seq(10_000);
const record = { id: seven, epoch: epoch(1), lastSeq, logLength: 1, members: [alice] };

/** The answer to a request of alice's, with the frames before it, when the database has these rows. */
async function answered(
  request: Uint8Array,
  rows: Readonly<Record<string, readonly object[]>>,
): Promise<{ readonly before: readonly ServerFrame[]; readonly answer: ServerFrame }> {
  const frames: ServerFrame[] = [];
  const connection = connectionDouble({
    send(bytes) {
      const frame = parseServerFrame(bytes);
      assert.ok(frame.ok);
      frames.push(frame.value);
    },
  });
  const server = serverDouble(databaseDouble(async ({ name = "" }) => rows[name] ?? [record]));
  const session = new ClientSession(server, connection);
  session.authenticated(claimsOf(alice, "alice"), true);
  session.received(request);
  await settleAll();
  const answer = present(frames.pop());
  return { before: frames, answer };
}

const many = <Row>(count: number, row: (at: number) => Row): Row[] => Array.from({ length: count }, (_, at) => row(at));

test("a page of keys says whether there may be more", async () => {
  for (const [count, more] of [
    [limits.keysPageMax, true],
    [limits.keysPageMax - 1, false],
  ] as const) {
    const keys = many(count, (at) => ({ epoch: epoch(1 + at), wrapped: Buffer.alloc(1) }));
    const { answer } = await answered(encodeRequest({ kind: "keys", group: seven, from: epoch(1) }, 1), {
      "keys-read": keys,
    });
    assert.ok(answer.kind === "keys");
    assert.deepEqual([answer.keys.length, answer.more], [count, more]);
  }
});

test("a page of a log has so many bytes, but one entry at least, and says how long the log is", async () => {
  const bytesMax = limits.frameBytesMax / 2;
  for (const [sizes, fitting] of [
    [[bytesMax], 1],
    [[bytesMax, 1], 1],
    [[bytesMax / 2, bytesMax / 2, 1], 2],
    [[limits.entryBytesMax, 10], 1],
    [[10, 10, 10], 3],
    [[], 0],
  ] as const) {
    const entries = sizes.map((size, index) => ({ index, seq: seq(1 + index), entry: Buffer.alloc(size) }));
    const { answer } = await answered(encodeRequest({ kind: "log", group: seven, from: 0 }, 1), {
      "log-read": entries,
      "log-length": [{ length: 70 }],
    });
    assert.ok(answer.kind === "log");
    assert.deepEqual([answer.entries.length, answer.length], [fitting, 70], sizes.join());
  }
});

test("a page of history that a bound has cut says how far it goes, and any other goes as far as was asked", async () => {
  const { syncPageMax, syncPageBytesMax } = limits;
  const through = seq(syncPageMax + 100);
  const sync = (upTo = through) => encodeRequest({ kind: "sync", group: seven, after: seq(0), through: upTo }, 1);
  for (const [count, bytes, end] of [
    [syncPageMax, 1, syncPageMax],
    [syncPageMax - 1, 1, through],
    [8, syncPageBytesMax / 8, 8],
    [8, syncPageBytesMax / 8 - 1, through],
    [0, 0, through],
  ] as const) {
    const messages = many(count, (at) => messageRow(alice, 1 + at, Buffer.alloc(bytes)));
    const { before, answer } = await answered(sync(), { "messages-read": messages });
    assert.ok(answer.kind === "synced");
    assert.deepEqual([answer.through, answer.lastSeq], [end, lastSeq], `${count} messages of ${bytes} bytes`);
    const delivered = before.flatMap((frame) => (frame.kind === "deliver" ? frame.messages : []));
    assert.equal(delivered.length, count);
  }
  const beyond = await answered(sync(seq(20_000)), { "messages-read": [] });
  assert.ok(beyond.answer.kind === "synced");
  assert.equal(beyond.answer.through, lastSeq, "there is nothing yet behind the last seq");
});
