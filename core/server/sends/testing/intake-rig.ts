import assert from "node:assert/strict";
import { silentLog } from "../../../platform/log.ts";
import type { IncomingMessage } from "../../../store/ingest/row-batch.ts";
import { FakeClock } from "../../../testing/fake-clock.ts";
import { present } from "../../../testing/present.ts";
import { readUint64 } from "../../../wire/bytes.ts";
import { clientMessageId, epoch, groupId, userId } from "../../../wire/ids.ts";
import { messageTypes, type SendFrame } from "../../../wire/send-frame.ts";
import { parseServerFrame } from "../../../wire/server-frame.ts";
import { Counters } from "../../counters.ts";
import { Budgets } from "../../sessions/budget.ts";
import type { FollowedGroup } from "../../sessions/session.ts";
import { connectionDouble, followedGroup, sessionDouble } from "../../testing/doubles.ts";
import { type Sender, SendIntake } from "../send-intake.ts";

export const [alice, bob] = [userId(1), userId(2)];
export const [group, unread] = [groupId(7), groupId(8)];

/**
 * Alice's connection to a server that follows her group, with all that the server did with her messages. Messages are named by
 * their ids. The server does not follow the other group yet: the test decides what reading it brings.
 */
export function newIntake({ sends = { burst: 100, perSecond: 40 } } = {}) {
  const clock = new FakeClock();
  const counters = new Counters();
  const known = followedGroup(group, [alice, bob]);
  const appended: IncomingMessage[] = [];
  const rejected: { readonly id: number; readonly code: string }[] = [];
  const ended: string[] = [];
  const readings: { resolve(group: FollowedGroup | undefined): void; reject(cause: Error): void }[] = [];
  const has = { room: true, isOver: false, idle: true };
  /** What the group is when it is read again. */
  let reloaded: () => Promise<FollowedGroup> = async () => known;
  const sender: Sender = {
    ...sessionDouble({
      user: alice,
      connection: connectionDouble({
        send(bytes) {
          const frame = parseServerFrame(bytes);
          assert.ok(frame.ok && frame.value.kind === "reject");
          const { kind: _, clientMessageId: id, group: of, ...refusal } = frame.value;
          rejected.push({ id: Number(readUint64(id, 0)), ...(of === group ? {} : { group: of }), ...refusal });
        },
      }),
      end: (code) => ended.push(code),
    }),
    get isOver() {
      return has.isOver;
    },
    server: {
      clock,
      counters,
      log: silentLog,
      limits: { connectionsMax: 1, sends, logins: sends },
      sendBudgets: new Budgets(sends),
      users: { of: () => [] },
      groups: {
        get: (id) => (id === group ? known : undefined),
        follow: async () => known,
        reload: () => reloaded(),
      },
      writer: {
        append(message, ticket) {
          assert.equal(ticket, sender);
          if (has.room) appended.push({ ...message, payload: Uint8Array.from(message.payload) });
          return has.room;
        },
        waiting: 0,
        away: false,
      },
    },
    memberOf: () => new Promise((resolve, reject) => readings.push({ resolve, reject })),
    whileInFlight(work) {
      if (has.idle) void work();
      return has.idle;
    },
  };
  known.sessions.add(sender);
  const intake = new SendIntake(sender);
  const send = (id: number, of: Partial<SendFrame> = {}) => {
    const payload = Buffer.from([id]);
    const frame: SendFrame = {
      kind: "send",
      resend: false,
      skipsRefused: false,
      type: messageTypes.application,
      epoch: epoch(1),
      group,
      clientMessageId: clientMessageId(BigInt(id)),
      payload,
      ...of,
    };
    intake.received(frame, alice);
    // The socket reuses its buffer as soon as the call is over.
    payload.fill(255);
  };
  const taken = () => appended.map(({ clientMessageId: id }) => Number(id));
  const refusals = () => rejected.map(({ id, code }) => `${id} ${code}`);
  const reading = (index: number) => present(readings[index], `reading ${index}`);
  return {
    ...{ intake, clock, counters, known, has, appended, rejected, ended, readings, send, taken, refusals, reading },
    reload: (read: () => Promise<FollowedGroup>) => {
      reloaded = read;
    },
  };
}

/** The group that the server did not follow yet, as it is read. */
export const groupRead = (at = 1, members = [alice]) => ({ ...followedGroup(unread, members), epoch: epoch(at) });
