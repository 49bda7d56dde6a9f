import assert from "node:assert/strict";
import { test } from "node:test";
import { clientMessageId, epoch, groupId, userId } from "../../wire/ids.ts";
import { messageTypes } from "../../wire/send-frame.ts";
import { RowBatch } from "./row-batch.ts";

const payload = new Uint8Array(8);
const message = { sender: userId(1), epoch: epoch(1), type: messageTypes.application, sentAt: 5, resend: false };

test("a row that a batch lacks is an error, also where an earlier batch had one", () => {
  const batch = new RowBatch<string>(10, 10_000);
  const add = (id: number) =>
    batch.add({ ...message, group: groupId(id), clientMessageId: clientMessageId(BigInt(id)), payload, turn: id }, "a");
  for (const id of [1, 2, 3]) add(id);
  assert.deepEqual([batch.group(2), batch.turn(2), batch.clientMessageId(2)], [3, 3, 3n]);
  batch.clear();
  add(4);
  assert.deepEqual([batch.group(0), batch.turn(0), batch.clientMessageId(0)], [4, 4, 4n]);
  for (const row of [1, 2, 3]) {
    for (const field of [
      "ticket",
      "turn",
      "group",
      "epoch",
      "seq",
      "sender",
      "clientMessageId",
      "type",
      "sentAt",
      "payloadBytes",
      "stored",
    ] as const) {
      assert.throws(() => batch[field](row), RangeError, `${field} of row ${row}`);
    }
    assert.throws(() => batch.setSentAt(row, 1), RangeError);
    assert.throws(() => batch.copyInputOf([row]), RangeError);
  }
});

test("a batch takes so many rows and so many bytes, and a row that has no room changes nothing", () => {
  const add = (batch: RowBatch<string>, id: number, bytes: number) =>
    batch.add(
      {
        ...message,
        group: groupId(1),
        clientMessageId: clientMessageId(BigInt(id)),
        payload: new Uint8Array(bytes),
        turn: id,
      },
      "a",
    );
  const few = new RowBatch<string>(2, 10_000);
  assert.deepEqual(
    [1, 2, 3].map((id) => add(few, id, 8)),
    [true, true, false],
  );
  assert.deepEqual([few.count, few.clientMessageId(1)], [2, 2n]);
  few.clear();
  assert.ok(add(few, 4, 8), "there is room again");

  const small = new RowBatch<string>(1000, 2_000);
  assert.ok(add(small, 1, 1_000));
  const { bytes } = small;
  assert.equal(add(small, 2, 1_000), false);
  assert.deepEqual([small.count, small.bytes], [1, bytes]);
  assert.ok(add(small, 3, 100), "a smaller one fits");
  assert.equal(small.clientMessageId(1), 3n);
});

test("a batch that is used again has no resends of the one before, and the memory that a burst took is given back", () => {
  const batch = new RowBatch<string>(1000, 8_000_000);
  const add = (id: number, bytes: number, resend: boolean) =>
    batch.add(
      {
        ...message,
        group: groupId(1),
        clientMessageId: clientMessageId(BigInt(id)),
        payload: new Uint8Array(bytes).fill(id),
        turn: id,
        resend,
      },
      "a",
    );
  add(7, 8, false);
  const small = batch.copyInput().toString("hex");
  batch.clear();
  for (let id = 1; id <= 60; id++) assert.ok(add(id, 50_000, id === 2));
  assert.deepEqual(batch.suspects, [1]);
  for (const id of [1, 60]) assert.deepEqual(new Set(batch.stored(id - 1).payload), new Set([id]));
  const burst = batch.copyInput().buffer.byteLength;
  batch.clear();
  assert.deepEqual(batch.suspects, []);
  add(7, 8, false);
  assert.equal(batch.copyInput().toString("hex"), small, "what COPY takes is as before");
  assert.ok(batch.copyInput().buffer.byteLength < burst / 4);
});
