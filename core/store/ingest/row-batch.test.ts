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
