import type { StoredMessage } from "../../store/messages.ts";
import { type DeliveredMessage, deliveredBytes, encodeDeliver } from "../../wire/deliver-frame.ts";
import { type GroupId, type Seq, seqPlus } from "../../wire/ids.ts";
import { limits } from "../../wire/limits.ts";
import type { GroupFrame } from "../bus.ts";

/** A DELIVER frame of committed messages, up to `lastSeq`. */
export interface CommittedFrame extends GroupFrame {
  readonly lastSeq: Seq;
}

/** The DELIVER frame of messages whose seqs end at `lastSeq`, without a gap. */
export function committedFrame(group: GroupId, lastSeq: Seq, messages: readonly DeliveredMessage[]): CommittedFrame {
  const count = messages.length;
  const firstSeq = seqPlus(lastSeq, 1 - count);
  return { group, lastSeq, count, frame: encodeDeliver({ group, firstSeq, messages }) };
}

/**
 * The DELIVER frames of a group's messages, which are in the order of their seqs. A frame has no gap, and is not much larger
 * than the target; so it never has more messages than its header can count.
 */
export function committedFrames(group: GroupId, messages: readonly StoredMessage[]): CommittedFrame[] {
  const frames: CommittedFrame[] = [];
  let from = 0;
  let bytes = 0;
  messages.forEach(({ seq, payload }, i) => {
    bytes += deliveredBytes(payload.length);
    const next = i + 1;
    if (messages[next]?.seq === seq + 1 && bytes < limits.deliverBytesTarget) return;
    frames.push(committedFrame(group, seq, messages.slice(from, next)));
    from = next;
    bytes = 0;
  });
  return frames;
}
