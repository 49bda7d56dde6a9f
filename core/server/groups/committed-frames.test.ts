import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { deliverCountMax, parseDeliver } from "../../wire/deliver-frame.ts";
import { clientMessageId, epoch, groupId, seq, userId } from "../../wire/ids.ts";
import { limits } from "../../wire/limits.ts";
import { committedFrames } from "./committed-frames.ts";

const group = groupId(7);

const message = (at: number, bytes: number) => ({
  seq: seq(at),
  sender: userId(1),
  clientMessageId: clientMessageId(BigInt(at)),
  type: 0 as const,
  sentAt: 0,
  epoch: epoch(1),
  payload: new Uint8Array(bytes),
});

/** Seqs and client message ids as a receiver reads them from each frame. */
function read(frames: ReturnType<typeof committedFrames>) {
  return frames.map(({ frame, lastSeq, count }) => {
    const parsed = parseDeliver(frame);
    assert.ok(parsed.ok);
    const { firstSeq, messages } = parsed.value;
    assert.equal(messages.length, count);
    assert.equal(firstSeq + count - 1, lastSeq);
    return messages.map(({ clientMessageId: id }, i) => [firstSeq + i, Number(id)]);
  });
}

test("every message is in one frame, under its seq, and a frame that has grown large gets no further message", () => {
  const step = fc.record({ gap: fc.integer({ min: 1, max: 3 }), bytes: fc.integer({ min: 0, max: 30_000 }) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      let last = 0;
      const messages = steps.map(({ gap, bytes }) => message((last += gap), bytes));
      const frames = committedFrames(group, messages);
      assert.deepEqual(
        read(frames).flat(),
        messages.map(({ seq: at }) => [at, at]),
      );
      for (const { frame } of frames) assert.ok(frame.length < limits.deliverBytesTarget + 30_100);
      // No more frames than it takes.
      for (const [i, { lastSeq, frame }] of frames.entries()) {
        const next = frames[i + 1];
        if (next && next.lastSeq - next.count === lastSeq) assert.ok(frame.length >= limits.deliverBytesTarget);
      }
    }),
  );
});

test("however small messages are, a frame is full before there are more than its header can count", () => {
  const messages = Array.from({ length: deliverCountMax + 3 }, (_, i) => message(i + 1, 0));
  const frames = committedFrames(group, messages);
  assert.ok(frames.every(({ count }) => count <= deliverCountMax));
  assert.equal(read(frames).flat().length, messages.length);
});
