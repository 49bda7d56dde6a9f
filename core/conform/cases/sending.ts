import { randomBytes } from "node:crypto";
import { limits } from "../../wire/limits.ts";
import type { CaseContext } from "../case-context.ts";
import { casesOf } from "../conform-case.ts";
import { ConformGroup } from "../conform-group.ts";
import { expectEqual, expectThat, skip } from "../expectation.ts";
import {
  acknowledged,
  answerTo,
  deliveredAt,
  deliveredIn,
  freshMessageId,
  rejected,
  sendFrame,
  stored,
} from "../messages.ts";

async function alone(context: CaseContext) {
  const alice = await context.signUp();
  return { alice, group: await context.found(alice), socket: alice.socket };
}

/** A SEND whose bytes this changes ends the connection. */
function endsAsMalformed(change: (bytes: Buffer) => Uint8Array) {
  return async (context: CaseContext) => {
    const { group, socket } = await alone(context);
    socket.sendBytes(change(sendFrame(group)));
    await socket.endsWith("malformed_frame");
  };
}

function withByte(at: number, value: number) {
  return endsAsMalformed((bytes) => {
    bytes[at] = value;
    return bytes;
  });
}

const inOrder = (ids: readonly (bigint | undefined)[]) => ids.map(String).toSorted();

const forNow = ["busy", "rate_limited"] as const;

export const sendCases = casesOf("SEND, 0x01, client to server", {
  "a message that is sent again is acknowledged with the seq and time of the first": async (context) => {
    const { group, socket } = await alone(context);
    const id = freshMessageId();
    const first = await stored(socket, group, { id });
    for (const resend of [true, false]) {
      const again = await stored(socket, group, { id, resend, payload: randomBytes(99) });
      expectEqual("acknowledgement", again, first);
    }
    const next = await stored(socket, group);
    expectEqual("seq of the next message", next.seq, first.seq + 1);
  },
  "a message that is sent again over another connection is not stored again": async (context) => {
    const { alice, group, socket } = await alone(context);
    const id = freshMessageId();
    const first = await stored(socket, group, { id });
    const again = await stored(await context.resume(alice), group, { id, resend: true });
    expectEqual("acknowledgement", again, first);
  },
  "an id is a message's for one group and one sender": async (context) => {
    const [alice, bob] = await context.signUpMany(2);
    const [first, second] = [await context.found(alice, [bob]), await context.found(alice)];
    const id = freshMessageId();
    const seqs = [
      (await stored(alice.socket, first, { id })).seq,
      (await stored(bob.socket, first, { id })).seq,
      (await stored(alice.socket, second, { id })).seq,
    ];
    expectEqual("seqs", seqs, [2, 3, 2]);
  },
  "ids of all 64 bits are taken": async (context) => {
    const { alice, group, socket } = await alone(context);
    for (const id of [0n, 2n ** 64n - 1n, 2n ** 63n]) {
      const { clientMessageId } = { clientMessageId: freshMessageId() };
      const frame = sendFrame(group, { id: clientMessageId });
      frame.writeBigUInt64BE(id, 16);
      socket.sendBytes(frame);
      await socket.untilReceived(`an ACK of the message ${id}`, (frames) =>
        frames.some((of) => of.kind === "ack" && of.acknowledgements.some((entry) => entry.clientMessageId === id)),
      );
    }
    expectEqual(
      "senders",
      [...new Set(deliveredIn(socket.received, group.id).map(({ sender }) => sender))],
      [alice.id],
    );
  },
  "a message under another epoch than the one in force is refused with that one": async (context) => {
    const { alice, group, socket } = await alone(context);
    await group.change(alice, "rekey");
    for (const atEpoch of [1, 3]) {
      const other = await context.resume(alice);
      const { epoch } = await rejected(other, group, "stale_epoch", { atEpoch });
      expectEqual("epoch of the reject", epoch, 2);
    }
    await stored(socket, group);
  },
  "under a stale epoch a message is refused although it is stored": async (context) => {
    const { alice, group, socket } = await alone(context);
    const id = freshMessageId();
    const first = await stored(socket, group, { id });
    await group.change(alice, "rekey");
    await rejected(socket, group, "stale_epoch", { id, atEpoch: 1, resend: true });
    expectEqual("acknowledgement under the new epoch", await stored(socket, group, { id, resend: true }), first);
  },
  "a message to a group that there is not, or of which one is no member, is refused alike": async (context) => {
    const [alice, bob] = await context.signUpMany(2);
    const group = await context.found(alice);
    for (const of of [group, new ConformGroup()]) await rejected(bob.socket, of, "not_a_member");
    await bob.socket.staysOpen();
  },
  "a payload has at most 65,536 bytes, and may have none": async (context) => {
    const { group, socket } = await alone(context);
    for (const bytes of [limits.payloadBytesMax, 0]) {
      const payload = randomBytes(bytes);
      const { seq } = await stored(socket, group, { payload });
      expectEqual("payload delivered", (await deliveredAt(socket, group.id, seq)).payload, payload);
    }
    await rejected(socket, group, "payload_too_large", { payload: Buffer.alloc(limits.payloadBytesMax + 1) });
    await socket.staysOpen();
  },
  "an unknown flag is malformed": withByte(2, 4),
  "a client cannot send messages of type 1": withByte(3, 1),
  "a message type that there is not is malformed": withByte(3, 3),
  "the epoch 0 is malformed": endsAsMalformed((bytes) => bytes.fill(0, 4, 8)),
  "an epoch of 2^31 is malformed": withByte(4, 0x80),
  "the group 0 is malformed": endsAsMalformed((bytes) => bytes.fill(0, 8, 16)),
  "a group of 2^53 is malformed": withByte(9, 0x20),
  "a length that is not the payload's is malformed": async (context) => {
    await endsAsMalformed((bytes) => Buffer.concat([bytes, Buffer.alloc(1)]))(context);
    await endsAsMalformed((bytes) => bytes.subarray(0, -1))(context);
  },
  "a header that ends too early is malformed": endsAsMalformed((bytes) => bytes.subarray(0, 27)),
  "messages of one connection get seqs in the order in which they were sent": async (context) => {
    const { group, socket } = await alone(context);
    const ids = Array.from({ length: 30 }, () => freshMessageId());
    for (const id of ids) socket.sendBytes(sendFrame(group, { id }));
    const seqs: number[] = [];
    for (const id of ids) seqs.push((await acknowledged(socket, id)).seq);
    expectEqual(
      "seqs",
      seqs,
      ids.map((_, i) => 2 + i),
    );
  },
  "behind a message that was refused for now everything is refused, until it comes again": async (context) => {
    const { group, socket } = await alone(context);
    const [first, second] = [freshMessageId(), freshMessageId()];
    await rejected(socket, group, "stale_epoch", { id: first, atEpoch: 9 });
    await rejected(socket, group, forNow, { id: second });
    const a = await stored(socket, group, { id: first });
    const b = await stored(socket, group, { id: second });
    expectEqual("seqs", [a.seq, b.seq], [2, 3]);
  },
  "busy behind a refused message says when to come again": async (context) => {
    const { group, socket } = await alone(context);
    await rejected(socket, group, "stale_epoch", { atEpoch: 9 });
    const { retryAfterMs } = await rejected(socket, group, forNow);
    expectThat(retryAfterMs !== undefined, "a reject with retryAfterMs", String(retryAfterMs));
  },
  "bit 1 gives up what was refused before": async (context) => {
    const { group, socket } = await alone(context);
    await rejected(socket, group, "stale_epoch", { atEpoch: 9 });
    await rejected(socket, group, forNow);
    expectEqual("seq with bit 1", (await stored(socket, group, { skipsRefused: true })).seq, 2);
    expectEqual("seq of the next", (await stored(socket, group)).seq, 3);
  },
  "a refused message keeps its turn in its group and on its connection only": async (context) => {
    const { alice, group, socket } = await alone(context);
    const other = await context.found(alice);
    await rejected(socket, group, "stale_epoch", { atEpoch: 9 });
    await stored(socket, other);
    await stored(await context.resume(alice), group);
  },
  "a message that is refused for good keeps no turn": async (context) => {
    const { group, socket } = await alone(context);
    await rejected(socket, group, "payload_too_large", { payload: Buffer.alloc(limits.payloadBytesMax + 1) });
    await stored(socket, group);
  },
  "a handshake message gets a seq, is delivered, and waits for nobody's turn": async (context) => {
    const { group, socket } = await alone(context);
    await rejected(socket, group, "stale_epoch", { atEpoch: 9 });
    const { seq } = await stored(socket, group, { type: 2 });
    expectEqual("type delivered", (await deliveredAt(socket, group.id, seq)).type, 2);
  },
  "a refused handshake message keeps no turn": async (context) => {
    const { group, socket } = await alone(context);
    await rejected(socket, group, "stale_epoch", { type: 2, atEpoch: 9 });
    await stored(socket, group);
  },
  "in an epoch without a key only handshake messages are taken, until a rekey": async (context) => {
    const [alice, bob] = await context.signUpMany(2);
    const group = await context.found(alice, [bob]);
    await group.change(bob, "leave");
    const id = freshMessageId();
    const { epoch } = await rejected(alice.socket, group, "rekey_needed", { id });
    expectEqual("epoch of the reject", epoch, 2);
    await stored(alice.socket, group, { type: 2 });
    await group.change(alice, "rekey");
    await stored(alice.socket, group, { id });
  },
  "over its budget a user is refused with rate_limited, and told when to go on": {
    msMax: 20_000,
    async run(context) {
      const { group, socket } = await alone(context);
      const ids = Array.from({ length: messagesOverBudget }, () => freshMessageId());
      for (const id of ids) socket.sendBytes(sendFrame(group, { id, payload: Buffer.alloc(16) }));
      const answers = [];
      for (const id of ids) answers.push(await answerTo(socket, id));
      const at = answers.findIndex(({ kind }) => kind === "reject");
      const first = answers[at];
      const id = ids[at];
      if (first?.kind !== "reject" || id === undefined) skip(`the server took ${ids.length} messages at once`);
      expectEqual("code", first.code, "rate_limited");
      const { retryAfterMs, remaining, resetMs } = first;
      expectThat(
        retryAfterMs !== undefined && remaining !== undefined && resetMs !== undefined,
        "retryAfterMs, remaining and resetMs",
        first,
      );
      if (retryAfterMs > waitMsMax) skip(`the next message may come in ${retryAfterMs} ms only`);
      await context.pause(retryAfterMs);
      const { seq } = await stored(socket, group, { id, payload: Buffer.alloc(16) });
      const before = await acknowledged(socket, ids[at - 1] ?? id);
      expectEqual("seq of the message that comes again", seq, before.seq + 1);
    },
  },
});

/** Some more than a server takes at once by default. */
const messagesOverBudget = 260;
const waitMsMax = 5000;

export const ackCases = casesOf("ACK, 0x81, server to client", {
  "a stored message is acknowledged with its seq and the time of now": async (context) => {
    const { group, socket } = await alone(context);
    const before = context.clock.now();
    const { seq, sentAt } = await stored(socket, group);
    expectEqual("seq", seq, 2);
    const hours = Math.abs(sentAt - before) / 3_600_000;
    expectThat(hours < 24, "a time within a day of this machine's clock", new Date(sentAt).toISOString());
  },
  "each message is acknowledged once": async (context) => {
    const { group, socket } = await alone(context);
    const ids = Array.from({ length: 10 }, () => freshMessageId());
    for (const id of ids) socket.sendBytes(sendFrame(group, { id }));
    for (const id of ids) await acknowledged(socket, id);
    await socket.staysOpen();
    const entries = socket.received.flatMap((frame) => (frame.kind === "ack" ? frame.acknowledgements : []));
    expectEqual("ids acknowledged", inOrder(entries.map((of) => of.clientMessageId)), inOrder(ids));
  },
  "a message is acknowledged over the connection that it was sent on, and no other": async (context) => {
    const { alice, group, socket } = await alone(context);
    const other = await context.resume(alice);
    await other.granted({ kind: "groups" });
    await stored(socket, group);
    await other.none("ACK", (frame) => frame.kind === "ack");
  },
});

export const deliverCases = casesOf("DELIVER, 0x82, server to client", {
  "a message is delivered as it was sent, with the seq and time of its ACK": async (context) => {
    const [alice, bob] = await context.signUpMany(2);
    const group = await context.found(alice, [bob]);
    const [id, payload] = [freshMessageId(), randomBytes(300)];
    const { seq, sentAt } = await stored(alice.socket, group, { id, payload });
    const expected = { sender: alice.id, clientMessageId: id, type: 0, sentAt, epoch: group.epoch, payload, seq };
    expectEqual("message delivered", await deliveredAt(bob.socket, group.id, seq), expected);
  },
  "a message is delivered to all connections of all members, the sender's too": async (context) => {
    const [alice, bob] = await context.signUpMany(2);
    const group = await context.found(alice, [bob]);
    const others = [await context.resume(alice), await context.resume(bob)];
    for (const socket of others) await socket.granted({ kind: "groups" });
    const { seq } = await stored(alice.socket, group);
    for (const socket of [alice.socket, bob.socket, ...others]) await deliveredAt(socket, group.id, seq);
  },
  "two members are shown the same messages in the same order, without gaps": async (context) => {
    const [alice, bob] = await context.signUpMany(2);
    const group = await context.found(alice, [bob]);
    const ids = Array.from({ length: 20 }, () => freshMessageId());
    for (const [i, id] of ids.entries()) (i % 2 === 0 ? alice : bob).socket.sendBytes(sendFrame(group, { id }));
    const last = ids.length + 1;
    const shownTo = [];
    for (const { socket } of [alice, bob]) {
      await socket.untilReceived(`all seqs up to ${last}`, (frames) => {
        const seqs = new Set(deliveredIn(frames, group.id).map(({ seq }) => seq));
        return ids.every((_, i) => [...seqs].some((seq) => seq === i + 2));
      });
      const bySeq = new Map(deliveredIn(socket.received, group.id).map((of) => [of.seq, of.clientMessageId]));
      shownTo.push(ids.map((_, i) => [...bySeq].find(([seq]) => seq === i + 2)?.[1]));
    }
    expectEqual("ids by seq of the second member", shownTo[1], shownTo[0]);
    expectEqual("ids delivered", inOrder(shownTo[0] ?? []), inOrder(ids));
  },
  "members who were sent to different servers are shown the same": async (context) => {
    const [alice, bob] = [await context.signUp(), await context.signUp()];
    const group = await context.found(alice, [bob]);
    for (const { socket } of [alice, bob, alice, bob]) {
      const { seq } = await stored(socket, group);
      const shownTo = [];
      for (const member of [alice, bob]) shownTo.push(await deliveredAt(member.socket, group.id, seq));
      expectEqual("message of the second member", shownTo[1], shownTo[0]);
    }
  },
  "who is no member gets nothing": async (context) => {
    const [alice, bob] = await context.signUpMany(2);
    const group = await context.found(alice);
    await bob.socket.granted({ kind: "groups" });
    await rejected(bob.socket, group, "not_a_member");
    const { seq } = await stored(alice.socket, group);
    await deliveredAt(alice.socket, group.id, seq);
    await bob.socket.none("DELIVER", (frame) => frame.kind === "deliver");
  },
});
