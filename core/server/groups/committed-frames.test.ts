import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { deliverCountMax, parseDeliver } from "../../wire/deliver-frame.ts";
import { clientMessageId, epoch, groupId, type Seq, seq, userId } from "../../wire/ids.ts";
import { limits } from "../../wire/limits.ts";
import { committedFrames } from "./committed-frames.ts";

const group = groupId(7);

const message = (at: number, bytes: number) => ({
  sender: userId(1),
  clientMessageId: clientMessageId(BigInt(at)),
  type: 0 as const,
  sentAt: 0,
  epoch: epoch(1),
  payload: new Uint8Array(bytes),
});

/** Places and messages as a receiver reads them from the frames, with how many each frame has. */
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

test("every message is in one frame, at its place, and no frame begins a message after it has grown large", () => {
  const step = fc.record({ gap: fc.integer({ min: 1, max: 3 }), bytes: fc.integer({ min: 0, max: 30_000 }) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      let place = 0;
      const seqs = steps.map(({ gap }) => seq((place += gap)));
      const messages = steps.map(({ bytes }, i) => message(seqs[i] as Seq, bytes));
      const frames = committedFrames(group, seqs, messages);
      assert.deepEqual(
        read(frames).flat(),
        seqs.map((at) => [at, at]),
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

test("the smallest messages fill a frame before there are more than its header can count", () => {
  const seqs = Array.from({ length: deliverCountMax + 3 }, (_, i) => seq(i + 1));
  const messages = seqs.map((at) => message(at, 0));
  const frames = committedFrames(group, seqs, messages);
  assert.ok(frames.every(({ count }) => count <= deliverCountMax));
  assert.equal(read(frames).flat().length, messages.length);
});
