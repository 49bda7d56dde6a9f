import { pushTo } from "../../platform/lists-by-key.ts";
import type { RowBatch } from "../../store/ingest/row-batch.ts";
import { type Acknowledgement, ackEntriesMax, encodeAck } from "../../wire/ack-frame.ts";
import type { GroupId } from "../../wire/ids.ts";
import type { Bus } from "../bus.ts";
import type { Counters } from "../counters.ts";
import type { Session } from "../sessions/session.ts";
import type { Transport } from "../transport/transport.ts";
import { type CommittedFrame, committedFrames } from "./committed-frames.ts";
import type { GroupDirectory } from "./group-directory.ts";

/** Announces committed batches: delivers messages to the members, here and at the other servers, then answers the senders. */
export class FanOut {
  readonly #transport: Pick<Transport, "publish">;
  readonly #groups: GroupDirectory;
  readonly #bus: Bus;
  readonly #counters: Counters;

  constructor(parts: { transport: Pick<Transport, "publish">; groups: GroupDirectory; bus: Bus; counters: Counters }) {
    this.#transport = parts.transport;
    this.#groups = parts.groups;
    this.#bus = parts.bus;
    this.#counters = parts.counters;
  }

  /** Announces a batch, all of whose rows have their outcome. */
  settled(batch: RowBatch<Session>): void {
    const fresh = new Map<GroupId, number[]>();
    const acknowledged = new Map<Session, Acknowledgement[]>();
    const refused: (() => void)[] = [];
    for (let row = 0; row < batch.count; row++) {
      const session = batch.ticket(row);
      const group = batch.group(row);
      const fault = batch.faults[row];
      if (fault) {
        const clientMessageId = batch.clientMessageId(row);
        const message = { group, clientMessageId, type: batch.type(row), turn: batch.turn(row) };
        refused.push(() => session.reject(message, fault));
        // The database has an epoch, or the end of the group, that this server has not been sent.
        if (fault.code !== "internal") session.noteBehind(group);
        continue;
      }
      const clientMessageId = batch.clientMessageId(row);
      session.stored(group, clientMessageId);
      pushTo(acknowledged, session, { clientMessageId, seq: batch.seq(row), sentAt: batch.sentAt(row) });
      if (batch.fresh[row]) pushTo(fresh, group, row);
    }
    this.deliver([...fresh].flatMap(([group, rows]) => framesOf(batch, group, rows)));
    for (const [session, acknowledgements] of acknowledged) this.#acknowledge(session, acknowledgements);
    for (const refuse of refused) refuse();
  }

  /** Sends frames of messages that this server committed to the members here and elsewhere. */
  deliver(frames: readonly CommittedFrame[]): void {
    for (const frame of frames) this.#publish(frame);
    if (frames.length > 0) this.#counters.crossServerCopies += this.#bus.deliver(frames);
  }

  /** Sends a frame of messages that another server committed to the members here. */
  deliverFromElsewhere(frame: CommittedFrame): void {
    this.#publish(frame);
  }

  #publish({ group: id, frame, lastSeq, count }: CommittedFrame): void {
    this.#groups.advance(id, lastSeq);
    const group = this.#groups.get(id);
    if (!group) return;
    this.#groups.delivered(group, lastSeq);
    if (group.sessions.size === 0) return;
    this.#counters.deliveries += group.sessions.size * count;
    this.#transport.publish(group.topic, frame);
  }

  #acknowledge(session: Session, acknowledgements: readonly Acknowledgement[]): void {
    this.#counters.acknowledged += acknowledgements.length;
    session.connection.together(() => {
      for (let from = 0; from < acknowledgements.length; from += ackEntriesMax) {
        session.connection.send(encodeAck(acknowledgements.slice(from, from + ackEntriesMax)));
      }
    });
  }
}

/** DELIVER frames of one group's rows. */
function framesOf(batch: RowBatch<Session>, group: GroupId, rows: number[]): CommittedFrame[] {
  rows.sort((a, b) => batch.seq(a) - batch.seq(b));
  return committedFrames(
    group,
    rows.map((row) => batch.stored(row)),
  );
}
