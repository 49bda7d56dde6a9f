import assert from "node:assert/strict";
import { test } from "node:test";
import type { GroupRecord } from "../../store/groups.ts";
import { RowBatch } from "../../store/ingest/row-batch.ts";
import { ackEntriesMax } from "../../wire/ack-frame.ts";
import { clientMessageId, epoch, groupId, seq, userId } from "../../wire/ids.ts";
import { parseServerFrame } from "../../wire/server-frame.ts";
import type { Session } from "../sessions/session.ts";
import { connectionDouble, databaseDouble, deafBus, serverDouble, sessionDouble } from "../testing/doubles.ts";

const seven = groupId(7);
const record: GroupRecord = { id: seven, epoch: epoch(1), lastSeq: seq(0), logLength: 1, members: [userId(1)] };

/** A server with a member in group 7, and what it does, in order. */
async function newServer() {
  const done: string[] = [];
  const server = serverDouble(
    databaseDouble(async () => [record]),
    {
      transport: { publish: (topic, frame) => void done.push(`to ${topic}: ${shown(frame)}`) },
      bus: {
        ...deafBus("s0"),
        deliver: (frames) => {
          done.push(`to other servers: ${frames.map(({ frame }) => shown(frame)).join("; ")}`);
          return 0;
        },
      },
    },
  );
  const group = await server.groups.follow(seven);
  group?.sessions.add(sessionDouble());
  const sender = (name: string) =>
    sessionDouble({
      connection: connectionDouble({ send: (frame) => void done.push(`to ${name}: ${shown(frame)}`) }),
      reject: (_, { code }) => void done.push(`to ${name}: reject ${code}`),
      stored: (_, id) => void done.push(`${name}'s ${id} is stored`),
      noteBehind: () => void done.push(`${name}: behind`),
    });
  return { server, group, done, sender };
}

function shown(bytes: Uint8Array): string {
  const frame = parseServerFrame(bytes);
  assert.ok(frame.ok);
  const { value } = frame;
  switch (value.kind) {
    case "deliver":
      return `deliver ${value.messages.map(({ clientMessageId: id }, i) => `${id}@${value.firstSeq + i}`).join(" ")}`;
    case "ack":
      return `ack ${value.acknowledgements.map(({ clientMessageId: id, seq: at }) => `${id}@${at}`).join(" ")}`;
    default:
      return value.kind;
  }
}

/** A batch of messages with their outcomes. */
function batchOf(
  rows: readonly (readonly [Session, number, "fresh" | "known" | "stale_epoch" | "internal", number?])[],
) {
  const batch = new RowBatch<Session>(10_000, 4_000_000);
  for (const [i, [session, id, outcome, at = 0]] of rows.entries()) {
    const message = { group: seven, sender: userId(1), clientMessageId: clientMessageId(BigInt(id)), epoch: epoch(1) };
    batch.add({ ...message, type: 0, sentAt: 1, payload: new Uint8Array(1), resend: false, turn: i }, session);
    batch.seqs[i] = seq(at);
    batch.fresh[i] = outcome === "fresh";
    if (outcome === "stale_epoch") batch.faults[i] = { code: outcome, epoch: epoch(2) };
    if (outcome === "internal") batch.faults[i] = { code: outcome };
  }
  return batch;
}

test("a batch is delivered here and elsewhere in the order of seqs, then acknowledged, then refused; what was stored before is acknowledged alone", async () => {
  const { server, group, done, sender } = await newServer();
  const [alice, bob] = [sender("alice"), sender("bob")];
  server.fanOut.settled(
    batchOf([
      [alice, 1, "fresh", 6],
      [bob, 2, "fresh", 5],
      [alice, 3, "known", 2],
      [bob, 4, "stale_epoch"],
      [alice, 5, "internal"],
    ]),
  );
  assert.deepEqual(done, [
    "alice's 1 is stored",
    "bob's 2 is stored",
    "alice's 3 is stored",
    "bob: behind",
    "to g7: deliver 2@5 1@6",
    "to other servers: deliver 2@5 1@6",
    "to alice: ack 1@6 3@2",
    "to bob: ack 2@5",
    "to bob: reject stale_epoch",
    "to alice: reject internal",
  ]);
  assert.deepEqual([group?.lastSeq, group?.deliveredSeq], [6, 6]);
  assert.deepEqual([server.counters.deliveries, server.counters.acknowledged], [2, 3]);
});

test("every message of a large batch is acknowledged", async () => {
  const { server, done, sender } = await newServer();
  const alice = sender("alice");
  const count = ackEntriesMax + 1;
  server.fanOut.settled(batchOf(Array.from({ length: count }, (_, i) => [alice, i + 1, "known", i + 1] as const)));
  const acknowledged = done.flatMap((line) => (line.startsWith("to alice: ack ") ? line.slice(14).split(" ") : []));
  assert.equal(new Set(acknowledged).size, count);
});

test("messages of a group that nobody here is in go to the other servers alone", async () => {
  const { server, group, done, sender } = await newServer();
  group?.sessions.clear();
  server.fanOut.settled(batchOf([[sender("alice"), 1, "fresh", 1]]));
  assert.deepEqual(done, ["alice's 1 is stored", "to other servers: deliver 1@1", "to alice: ack 1@1"]);
});
