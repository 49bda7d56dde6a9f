import { randomBytes } from "node:crypto";
import { epoch, type Seq, seq, type UserId } from "../../wire/ids.ts";
import { limits } from "../../wire/limits.ts";
import type { ServerFrame } from "../../wire/server-frame.ts";
import type { CaseContext } from "../case-context.ts";
import { casesOf } from "../conform-case.ts";
import { ConformGroup } from "../conform-group.ts";
import type { ConformSocket } from "../conform-socket.ts";
import { expectEqual, expectThat } from "../expectation.ts";
import { deliveredAt, deliveredIn, sendFrame, stored } from "../messages.ts";

const about =
  <Kind extends "presence" | "cursors" | "typing">(kind: Kind, { id }: ConformGroup) =>
  (frame: ServerFrame): frame is Extract<ServerFrame, { readonly kind: Kind }> =>
    frame.kind === kind && "group" in frame && frame.group === id;

/** Resolves once presence has named the user as connected, or as gone. */
function shows(socket: ConformSocket, group: ConformGroup, list: "online" | "offline", user: UserId, from = 0) {
  return socket.next(
    `presence with the user ${user} in ${list}`,
    (frame): frame is typeof frame => about("presence", group)(frame) && frame[list].includes(user),
    from,
  );
}

/** Resolves once cursors say that the user has read up to there. */
function showsRead(socket: ConformSocket, group: ConformGroup, user: UserId, upTo: number, from = 0) {
  return socket.next(
    `cursors with the user ${user} at ${upTo}`,
    (frame): frame is typeof frame =>
      about("cursors", group)(frame) && frame.cursors.some(([of, at]) => of === user && at === upTo),
    from,
  );
}

/** What a `sync` delivers, in order, and how it ends. */
async function synced(socket: ConformSocket, group: ConformGroup, after: number, through: number) {
  const from = socket.mark;
  const reply = await socket.granted({ kind: "sync", group: group.id, after: seq(after), through: seq(through) });
  const seqs = deliveredIn(socket.received.slice(from, socket.received.indexOf(reply)), group.id).map((of) => of.seq);
  return { seqs, after: reply.after, through: reply.through, lastSeq: reply.lastSeq };
}

async function pair(context: CaseContext) {
  const [alice, bob] = await context.signUpMany(2);
  return { alice, bob, group: await context.found(alice, [bob]) };
}

export const followingCases = casesOf("Following a group", {
  "groups lists all of the user's groups": async (context) => {
    const [alice, bob] = await context.signUpMany(2);
    expectEqual("groups at first", (await alice.socket.granted({ kind: "groups" })).groups, []);
    const [first, second] = [await context.found(alice), await context.found(bob, [alice])];
    await second.change(bob, "rekey");
    await stored(alice.socket, second);
    await first.change(alice, "rename");
    const { groups } = await (await context.resume(alice)).granted({ kind: "groups" });
    expectEqual(
      "groups",
      groups.toSorted((a, b) => a.group - b.group),
      [
        { group: first.id, epoch: epoch(1), lastSeq: 2, logLength: 2, readSeq: 0 },
        { group: second.id, epoch: epoch(2), lastSeq: 3, logLength: 2, readSeq: 0 },
      ].toSorted((a, b) => a.group - b.group),
    );
  },
  "a connection gets the messages of a group from its first request about it on": async (context) => {
    const { alice, group } = await pair(context);
    const ask: readonly ((socket: ConformSocket) => unknown)[] = [
      (socket) => socket.granted({ kind: "groups" }),
      (socket) => socket.granted({ kind: "log", group: group.id, from: 0 }),
      (socket) => socket.granted({ kind: "keys", group: group.id, from: epoch(1) }),
      (socket) => socket.granted({ kind: "sync", group: group.id, after: seq(0), through: seq(0) }),
      (socket) => {
        socket.post({ kind: "open", group: group.id });
        return socket.next("presence", about("presence", group));
      },
      (socket) => stored(socket, group),
    ];
    for (const asks of ask) {
      const socket = await context.resume(alice);
      await asks(socket);
      const { seq: at } = await stored(alice.socket, group);
      await deliveredAt(socket, group.id, at);
    }
  },
  "sync delivers what is behind after and up to through, and then says so": async (context) => {
    const { alice, group } = await pair(context);
    for (let i = 0; i < 5; i++) await stored(alice.socket, group);
    const socket = await context.resume(alice);
    expectEqual("sync from 2 to 4", await synced(socket, group, 2, 4), {
      seqs: [3, 4],
      after: 2,
      through: 4,
      lastSeq: 6,
    });
  },
  "sync delivers entries, too": async (context) => {
    const { alice, group } = await pair(context);
    const socket = await context.resume(alice);
    expectEqual("seqs of sync from 0", (await synced(socket, group, 0, 1)).seqs, [1]);
    const { type, sender } = await deliveredAt(socket, group.id, seq(1));
    expectEqual("type and sender", [type, sender], [1, alice.id]);
  },
  "sync ends at the last seq": async (context) => {
    const { alice, group } = await pair(context);
    await stored(alice.socket, group);
    const socket = await context.resume(alice);
    const { seqs, lastSeq } = await synced(socket, group, 0, 2 ** 40);
    expectEqual("seqs and lastSeq", { seqs, lastSeq }, { seqs: [1, 2], lastSeq: 2 });
  },
  "sync behind the last seq delivers nothing": async (context) => {
    const { alice, group } = await pair(context);
    const { seqs, lastSeq } = await synced(alice.socket, group, 1, 1);
    expectEqual("seqs and lastSeq", { seqs, lastSeq }, { seqs: [], lastSeq: 1 });
  },
  "a page of sync ends with the message with which payloads reach 262,144 bytes": async (context) => {
    const { alice, group } = await pair(context);
    for (let i = 0; i < 6; i++) await stored(alice.socket, group, { payload: randomBytes(limits.payloadBytesMax) });
    const socket = await context.resume(alice);
    const page = await synced(socket, group, 1, 7);
    expectEqual("the first page", page, { seqs: [2, 3, 4, 5], after: 1, through: 5, lastSeq: 7 });
    expectEqual("the second page", await synced(socket, group, 5, 7), {
      seqs: [6, 7],
      after: 5,
      through: 7,
      lastSeq: 7,
    });
  },
  "sync of a group that there is not, or of which one is no member, is refused alike": async (context) => {
    const [alice, bob] = await context.signUpMany(2);
    const { id } = await context.found(alice);
    for (const group of [id, new ConformGroup().id]) {
      await bob.socket.refused({ kind: "sync", group, after: 0, through: 1 }, "not_a_member");
    }
  },
  "a read cursor comes to the user's other connections, watched or not": async (context) => {
    const { alice, group } = await pair(context);
    const other = await context.resume(alice);
    await other.granted({ kind: "groups" });
    await stored(alice.socket, group);
    alice.socket.post({ kind: "read", group: group.id, seq: seq(2) });
    await showsRead(other, group, alice.id, 2);
    const { groups } = await (await context.resume(alice)).granted({ kind: "groups" });
    expectEqual("readSeq of groups", groups[0]?.readSeq, 2);
  },
  "a read cursor comes to those who watch the group": async (context) => {
    const { alice, bob, group } = await pair(context);
    await stored(alice.socket, group);
    bob.socket.post({ kind: "open", group: group.id });
    await bob.socket.next("presence", about("presence", group));
    alice.socket.post({ kind: "read", group: group.id, seq: seq(2) });
    await showsRead(bob.socket, group, alice.id, 2);
  },
  "a read cursor does not move back": async (context) => {
    const { alice, group } = await pair(context);
    await stored(alice.socket, group);
    const other = await context.resume(alice);
    await other.granted({ kind: "groups" });
    alice.socket.post({ kind: "read", group: group.id, seq: seq(2) });
    await showsRead(other, group, alice.id, 2);
    alice.socket.post({ kind: "read", group: group.id, seq: seq(1) });
    await alice.socket.staysOpen();
    expectEqual("readSeq", await readSeqOf(context, alice), 2);
  },
  "a read cursor does not go beyond the last seq": async (context) => {
    const { alice, group } = await pair(context);
    await stored(alice.socket, group);
    const other = await context.resume(alice);
    await other.granted({ kind: "groups" });
    alice.socket.post({ kind: "read", group: group.id, seq: seq(1000) });
    await other.next("cursors", about("cursors", group));
    expectEqual("readSeq", await readSeqOf(context, alice), 2);
  },
  "open is answered by presence, oneself included, and then by cursors": async (context) => {
    const { alice, bob, group } = await pair(context);
    alice.socket.post({ kind: "read", group: group.id, seq: seq(1) });
    await alice.socket.staysOpen();
    alice.socket.post({ kind: "open", group: group.id });
    await shows(alice.socket, group, "online", alice.id);
    await shows(alice.socket, group, "online", bob.id);
    await showsRead(alice.socket, group, alice.id, 1);
    const kinds = alice.socket.received.filter((of) => about("presence", group)(of) || about("cursors", group)(of));
    expectThat(
      kinds.some((of) => of.kind === "presence"),
      "presence",
      kinds,
    );
  },
  "presence says who goes and who comes back": async (context) => {
    const { alice, bob, group } = await pair(context);
    alice.socket.post({ kind: "open", group: group.id });
    await shows(alice.socket, group, "online", bob.id);
    await bob.socket.close();
    await shows(alice.socket, group, "offline", bob.id);
    const from = alice.socket.mark;
    await (await context.resume(bob)).granted({ kind: "groups" });
    await shows(alice.socket, group, "online", bob.id, from);
  },
  "after close no presence, cursors or typing of others come": async (context) => {
    const { alice, bob, group } = await pair(context);
    alice.socket.post({ kind: "open", group: group.id });
    await shows(alice.socket, group, "online", bob.id);
    alice.socket.post({ kind: "close", group: group.id });
    await alice.socket.staysOpen();
    await context.pause(300);
    const from = alice.socket.mark;
    bob.socket.post({ kind: "read", group: group.id, seq: seq(1) });
    bob.socket.post({ kind: "typing", group: group.id });
    await bob.socket.close();
    const kinds = new Set(["presence", "cursors", "typing"]);
    await alice.socket.none("presence, cursors or typing", ({ kind }) => kinds.has(kind), from, 600);
  },
  "a group that one does not watch brings no presence": async (context) => {
    const { alice, bob, group } = await pair(context);
    await bob.socket.granted({ kind: "groups" });
    alice.socket.post({ kind: "open", group: group.id });
    await shows(alice.socket, group, "online", bob.id);
    await bob.socket.none("presence", ({ kind }) => kind === "presence");
  },
  "typing comes to those who watch the group, the user's own connections included": async (context) => {
    const { alice, bob, group } = await pair(context);
    for (const { socket } of [alice, bob]) {
      socket.post({ kind: "open", group: group.id });
      await socket.next("presence", about("presence", group));
    }
    await shows(alice.socket, group, "online", bob.id);
    await shows(bob.socket, group, "online", alice.id);
    bob.socket.post({ kind: "typing", group: group.id });
    for (const { socket } of [alice, bob]) {
      const { users } = await socket.next("typing", about("typing", group));
      expectEqual("users of typing", users, [bob.id]);
    }
  },
  "read, open and typing for a group of others are dropped": async (context) => {
    const { alice, group } = await pair(context);
    const carol = await context.signUp({}, alice.socket.url);
    alice.socket.post({ kind: "open", group: group.id });
    await shows(alice.socket, group, "online", alice.id);
    const from = alice.socket.mark;
    for (const kind of ["open", "typing", "close"] as const) carol.socket.post({ kind, group: group.id });
    carol.socket.post({ kind: "read", group: group.id, seq: seq(1) });
    await carol.socket.none("frame about the group", (frame) => "group" in frame);
    const named = (frame: ServerFrame) =>
      (frame.kind === "typing" && frame.users.includes(carol.id)) ||
      (frame.kind === "presence" && frame.online.includes(carol.id)) ||
      (frame.kind === "cursors" && frame.cursors.some(([user]) => user === carol.id));
    await alice.socket.none("frame that names who is no member", named, from);
  },
  "messages that come while others are synced are delivered, too": async (context) => {
    const { alice, bob, group } = await pair(context);
    for (let i = 0; i < 5; i++) await stored(alice.socket, group);
    const socket = await context.resume(bob);
    alice.socket.sendBytes(sendFrame(group));
    await synced(socket, group, 0, 6);
    await deliveredAt(socket, group.id, await lastSeqOf(alice.socket, group));
  },
});

async function readSeqOf(context: CaseContext, user: Parameters<CaseContext["resume"]>[0]): Promise<Seq | undefined> {
  const { groups } = await (await context.resume(user)).granted({ kind: "groups" });
  return groups[0]?.readSeq;
}

/** The last seq of a group, once its messages so far are stored. */
async function lastSeqOf(socket: ConformSocket, group: ConformGroup): Promise<Seq> {
  return (await stored(socket, group)).seq;
}
