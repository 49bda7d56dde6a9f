import { type DeliveredMessage, deliveredBytes, encodeDeliver } from "../../wire/deliver-frame.ts";
import { type GroupId, type Seq, seqPlus } from "../../wire/ids.ts";
import { limits } from "../../wire/limits.ts";
import type { GroupFrame } from "../bus.ts";

/** A DELIVER frame of messages that were committed, up to `lastSeq`. */
export interface CommittedFrame extends GroupFrame {
  readonly lastSeq: Seq;
}

/** A DELIVER frame of messages that end at `lastSeq`, without a gap. */
export function committedFrame(group: GroupId, lastSeq: Seq, messages: readonly DeliveredMessage[]): CommittedFrame {
  const count = messages.length;
  const firstSeq = seqPlus(lastSeq, 1 - count);
  return { group, lastSeq, count, frame: encodeDeliver({ group, firstSeq, messages }) };
}

/**
 * DELIVER frames of a group's messages, `messages[i]` at `seqs[i]`, in ascending order: a frame each run without a gap, none
 * much larger than the target: long before its header could not count them.
 */
export function committedFrames(
  group: GroupId,
  seqs: readonly Seq[],
  messages: readonly DeliveredMessage[],
): CommittedFrame[] {
  const frames: CommittedFrame[] = [];
  let from = 0;
  let bytes = 0;
  messages.forEach(({ payload }, i) => {
    const seq = seqs[i] as Seq;
    bytes += deliveredBytes(payload.length);
    const next = i + 1;
    if (seqs[next] === seq + 1 && bytes < limits.deliverBytesTarget) return;
    frames.push(committedFrame(group, seq, messages.slice(from, next)));
    from = next;
    bytes = 0;
  });
  return frames;
}
