import assert from "node:assert/strict";
import { test } from "node:test";
import { clientMessageId, epoch, groupId } from "./ids.ts";
import { encodeSend, parseSend } from "./send-frame.ts";

const message = {
  type: 0,
  epoch: epoch(1),
  group: groupId(7),
  clientMessageId: clientMessageId(1n),
  payload: Buffer.from("sealed"),
} as const;

test("a SEND says in its flags whether it was sent before, and whether its sender gives up what was refused", () => {
  for (const [resend, skipsRefused, byte] of [
    [false, false, 0],
    [true, false, 1],
    [false, true, 2],
    [true, true, 3],
  ] as const) {
    const bytes = encodeSend({ ...message, resend, skipsRefused });
    assert.equal(bytes[2], byte);
    const parsed = parseSend(bytes);
    assert.ok(parsed.ok);
    assert.deepEqual([parsed.value.resend, parsed.value.skipsRefused], [resend, skipsRefused]);
  }
});
