import { entryHash } from "../../e2ee/entry-check.ts";
import { epoch, userId } from "../../wire/ids.ts";
import { limits } from "../../wire/limits.ts";
import { casesOf } from "../conform-case.ts";
import { ConformGroup, wrappedFor } from "../conform-group.ts";
import type { ConformSocket } from "../conform-socket.ts";
import { expectEqual, expectThat } from "../expectation.ts";
import { deliveredAt, deliveredIn, stored } from "../messages.ts";

export const changeCases = casesOf("Changing a group", {
  "a change that begins an epoch needs a key for each member": async (context) => {
    const [alice, bob] = await context.signUpMany(2);
    const group = new ConformGroup();
    const entry = group.entry(alice, "create", { people: [bob] });
    await alice.socket.refused({ kind: "change", entry }, "keys_missing");
    await group.stage(alice.socket, [wrappedFor(alice.id, 1)]);
    await alice.socket.refused({ kind: "change", entry }, "keys_missing");
  },
  "a key for somebody who will be no member is refused": async (context) => {
    const [alice, bob] = await context.signUpMany(2);
    const group = new ConformGroup();
    await group.stage(alice.socket, [wrappedFor(alice.id, 1), wrappedFor(bob.id, 1)]);
    await alice.socket.refused({ kind: "change", entry: group.entry(alice, "create") }, "keys_missing");
  },
  "a key of an epoch that has not begun is refused": async (context) => {
    const alice = await context.signUp();
    const group = new ConformGroup();
    await group.stage(alice.socket, [wrappedFor(alice.id, 1), wrappedFor(alice.id, 2)]);
    await alice.socket.refused({ kind: "change", entry: group.entry(alice, "create") }, "keys_missing");
  },
  "keys for an entry that begins no epoch with a key are refused": async (context) => {
    const [alice, bob] = await context.signUpMany(2);
    const group = await context.found(alice, [bob]);
    await group.stage(alice.socket, [wrappedFor(alice.id, 1)]);
    await alice.socket.refused({ kind: "change", entry: group.entry(alice, "rename") }, "keys_missing");
    await group.stage(bob.socket, [wrappedFor(alice.id, 2)]);
    await bob.socket.refused({ kind: "change", entry: group.entry(bob, "leave") }, "keys_missing");
  },
  "staged keys are used up by a change that is refused": async (context) => {
    const alice = await context.signUp();
    const group = await context.found(alice);
    await group.stage(alice.socket, group.keysFor(alice, "rekey"));
    const conflicting = group.entry(alice, "rekey", { index: 7 });
    await alice.socket.refused({ kind: "change", entry: conflicting }, "conflict");
    await alice.socket.refused({ kind: "change", entry: group.entry(alice, "rekey") }, "keys_missing");
    await group.change(alice, "rekey");
  },
  "staged keys are used up by a change that is accepted": async (context) => {
    const alice = await context.signUp();
    const group = await context.found(alice);
    await group.change(alice, "rekey");
    await alice.socket.refused({ kind: "change", entry: group.entry(alice, "rekey") }, "keys_missing");
  },
  "staged keys of one group are not another's": async (context) => {
    const alice = await context.signUp();
    const [first, second] = [await context.found(alice), await context.found(alice)];
    await first.stage(alice.socket, first.keysFor(alice, "rekey"));
    await alice.socket.refused({ kind: "change", entry: second.entry(alice, "rekey") }, "keys_missing");
    await alice.socket.granted({ kind: "change", entry: first.entry(alice, "rekey") });
  },
  "staged keys belong to their connection": async (context) => {
    const alice = await context.signUp();
    const group = await context.found(alice);
    const other = await context.resume(alice);
    await group.stage(other, group.keysFor(alice, "rekey"));
    await alice.socket.refused({ kind: "change", entry: group.entry(alice, "rekey") }, "keys_missing");
  },
  "of two keys for the same user and epoch the last counts": async (context) => {
    const alice = await context.signUp();
    const group = new ConformGroup();
    const [first, last] = [wrappedFor(alice.id, 1), wrappedFor(alice.id, 1)];
    await group.stage(alice.socket, [first]);
    await group.stage(alice.socket, [last]);
    await alice.socket.granted({ kind: "change", entry: group.entry(alice, "create") });
    const { keys } = await alice.socket.granted({ kind: "keys", group: group.id, from: epoch(1) });
    expectEqual("keys", keys, [{ epoch: 1, wrapped: last.wrapped }]);
  },
  "a connection has at most 2,048 staged keys, and a frame that would be more is not taken": async (context) => {
    const alice = await context.signUp();
    const group = await context.found(alice);
    const key = (i: number) => ({ epoch: epoch(2), user: userId(1_000_000 + i), wrapped: Buffer.from([1]) });
    const perFrame = limits.stagedKeysPerFrameMax;
    for (let from = 0; from < limits.stagedKeysMax; from += perFrame) {
      await group.stage(
        alice.socket,
        Array.from({ length: perFrame }, (_, i) => key(from + i)),
      );
    }
    const one = [key(limits.stagedKeysMax)];
    await alice.socket.refused({ kind: "stageKeys", group: group.id, keys: one }, "busy");
    await alice.socket.refused({ kind: "change", entry: group.entry(alice, "rekey") }, "keys_missing");
    await group.change(alice, "rekey");
  },
  "of two entries at once one wins, and the other is a conflict": async (context) => {
    const [alice, bob] = await context.signUpMany(2);
    const group = await context.found(alice, [bob]);
    await group.change(alice, "promote", { people: [bob] });
    const answers = await Promise.all(
      [alice, bob].map((actor) => actor.socket.ask({ kind: "change", entry: group.entry(actor, "rename") })),
    );
    const outcomes = answers.map((answer) => (answer.kind === "error" ? answer.code : answer.kind)).sort();
    expectEqual("the two answers", outcomes, ["changed", "conflict"]);
  },
  "the same bytes again are answered as before, without keys, over any connection": async (context) => {
    const [alice, bob] = await context.signUpMany(2);
    const group = new ConformGroup();
    await group.stage(alice.socket, group.keysFor(alice, "create", [bob]));
    const entry = group.entry(alice, "create", { people: [bob] });
    const first = await alice.socket.granted({ kind: "change", entry });
    const other = await context.resume(alice);
    for (const socket of [alice.socket, other]) {
      const again = await socket.granted({ kind: "change", entry });
      expectEqual("changed", { ...again, request: 0 }, { ...first, request: 0 });
    }
    const { length } = await alice.socket.granted({ kind: "log", group: group.id, from: 0 });
    expectEqual("entries of the log", length, 1);
  },
  "the same bytes again are answered as before, also behind later entries": async (context) => {
    const alice = await context.signUp();
    const group = await context.found(alice);
    const entry = group.entry(alice, "rename");
    const first = await alice.socket.granted({ kind: "change", entry });
    group.follow(alice, "rename", entry);
    await group.change(alice, "rekey");
    const again = await alice.socket.granted({ kind: "change", entry });
    expectEqual("changed", { ...again, request: 0 }, { ...first, request: 0 });
  },
});

const joinedTo = async (socket: ConformSocket, group: ConformGroup) => {
  const joined = await socket.next(
    `joined for group ${group.id}`,
    (frame): frame is Extract<typeof frame, { kind: "joined" }> => frame.kind === "joined" && frame.group === group.id,
  );
  return joined;
};

const leftFrom = (socket: ConformSocket, group: ConformGroup) =>
  socket.next(
    `left for group ${group.id}`,
    (frame): frame is Extract<typeof frame, { kind: "left" }> => frame.kind === "left" && frame.group === group.id,
  );

export const receivedCases = casesOf("What members receive", {
  "members get an entry as a message of type 1, the actor too": async (context) => {
    const [alice, bob] = await context.signUpMany(2);
    const group = await context.found(alice, [bob]);
    const entry = group.entry(alice, "rename");
    const { seq } = await alice.socket.granted({ kind: "change", entry });
    for (const { socket } of [alice, bob]) {
      const { sender, type, payload, clientMessageId, epoch: at } = await deliveredAt(socket, group.id, seq);
      expectEqual("sender, type, epoch and payload", [sender, type, at, payload], [alice.id, 1, 1, entry]);
      const id = Buffer.from(entryHash(entry)).readBigUInt64BE();
      expectEqual("client message id", clientMessageId, id);
    }
  },
  "new members get joined on each connection, which counts the entry": async (context) => {
    const [alice, bob] = await context.signUpMany(2);
    const second = await context.resume(bob);
    const group = await context.found(alice);
    await stored(alice.socket, group);
    const { seq } = await group.change(alice, "admit", { people: [bob] });
    for (const socket of [bob.socket, second]) {
      const { epoch: at, lastSeq, logLength } = await joinedTo(socket, group);
      expectEqual("epoch and logLength of joined", [at, logLength], [2, 2]);
      expectThat(lastSeq >= seq, `lastSeq of joined is ${seq} at least`, String(lastSeq));
    }
  },
  "new members do not get the entry that admits them": async (context) => {
    const [alice, bob] = await context.signUpMany(2);
    const group = await context.found(alice, [bob]);
    const { seq } = await stored(alice.socket, group);
    await deliveredAt(bob.socket, group.id, seq);
    const entries = deliveredIn(bob.socket.received, group.id).filter(({ type }) => type === 1);
    expectEqual("entries delivered", entries.length, 0);
  },
  "messages behind lastSeq of joined are delivered": async (context) => {
    const [alice, bob] = await context.signUpMany(2);
    const group = await context.found(alice, [bob]);
    const { seq } = await stored(alice.socket, group);
    await deliveredAt(bob.socket, group.id, seq);
  },
  "the creator of a group gets joined beside changed": async (context) => {
    const alice = await context.signUp();
    const group = new ConformGroup();
    await group.change(alice, "create");
    const { epoch: at, lastSeq, logLength } = await joinedTo(alice.socket, group);
    expectEqual("epoch, lastSeq and logLength", [at, lastSeq, logLength], [1, 1, 1]);
  },
  "who is removed gets the entry, then left, and nothing later": async (context) => {
    const [alice, bob] = await context.signUpMany(2);
    const group = await context.found(alice, [bob]);
    const { seq } = await group.change(alice, "remove", { people: [bob] });
    const left = await leftFrom(bob.socket, group);
    expectEqual("epoch of left", left.epoch, 2);
    const at = bob.socket.received.indexOf(left);
    const before = deliveredIn(bob.socket.received.slice(0, at), group.id).map((of) => of.seq);
    expectEqual("the last seq before left", before.at(-1), seq);
    await stored(alice.socket, group);
    await group.change(alice, "rename");
    await bob.socket.none(
      "frame about the group behind left",
      (frame) => "group" in frame && frame.group === group.id,
      at + 1,
    );
  },
  "for who was removed the group does not exist": async (context) => {
    const [alice, bob] = await context.signUpMany(2);
    const group = await context.found(alice, [bob]);
    await group.change(alice, "remove", { people: [bob] });
    await leftFrom(bob.socket, group);
    const { id } = group;
    await bob.socket.refused({ kind: "log", group: id, from: 0 }, "not_a_member");
    await bob.socket.refused({ kind: "keys", group: id, from: 1 }, "not_a_member");
    await bob.socket.refused({ kind: "sync", group: id, after: 0, through: 9 }, "not_a_member");
    expectEqual("groups", (await bob.socket.granted({ kind: "groups" })).groups, []);
  },
  "who leaves gets left, and the others get the entry": async (context) => {
    const [alice, bob] = await context.signUpMany(2);
    const group = await context.found(alice, [bob]);
    const { seq } = await group.change(bob, "leave");
    expectEqual("epoch of left", (await leftFrom(bob.socket, group)).epoch, 2);
    const { sender, type } = await deliveredAt(alice.socket, group.id, seq);
    expectEqual("sender and type", [sender, type], [bob.id, 1]);
  },
  "who was removed can be admitted again": async (context) => {
    const [alice, bob] = await context.signUpMany(2);
    const group = await context.found(alice, [bob]);
    await group.change(alice, "remove", { people: [bob] });
    await leftFrom(bob.socket, group);
    const from = bob.socket.mark;
    await group.change(alice, "admit", { people: [bob] });
    await bob.socket.next("joined", (frame): frame is typeof frame => frame.kind === "joined", from);
    const { seq } = await stored(alice.socket, group);
    await deliveredAt(bob.socket, group.id, seq, from);
  },
});

export const logCases = casesOf("Log and keys", {
  "log has the entries from an index on, with their seqs, and how many there are": async (context) => {
    const alice = await context.signUp();
    const group = await context.found(alice);
    await stored(alice.socket, group);
    const entry = group.entry(alice, "rename");
    const { seq } = await alice.socket.granted({ kind: "change", entry });
    const { length, entries } = await alice.socket.granted({ kind: "log", group: group.id, from: 1 });
    expectEqual("log from 1", { length, entries }, { length: 2, entries: [{ index: 1, seq, entry }] });
    expectEqual("seq of the entry behind a message", seq, 3);
    const all = await alice.socket.granted({ kind: "log", group: group.id, from: 0 });
    expectEqual(
      "seqs of log from 0",
      all.entries.map((of) => of.seq),
      [1, 3],
    );
  },
  "behind the end of the log a page is empty": async (context) => {
    const alice = await context.signUp();
    const group = await context.found(alice);
    const { length, entries } = await alice.socket.granted({ kind: "log", group: group.id, from: 5 });
    expectEqual("log from 5", { length, entries }, { length: 1, entries: [] });
  },
  "a long log is read page by page": async (context) => {
    const alice = await context.signUp();
    const group = await context.found(alice);
    for (let i = 0; i < 51; i++) await group.change(alice, "rename");
    const indexes: number[] = [];
    for (let page = 0; page < 52 && indexes.length < 52; page++) {
      const { length, entries } = await alice.socket.granted({ kind: "log", group: group.id, from: indexes.length });
      expectEqual("length", length, 52);
      expectThat(entries.length > 0 && entries.length <= 50, "a page of 1 to 50 entries", String(entries.length));
      indexes.push(...entries.map(({ index }) => index));
    }
    expectEqual(
      "indexes",
      indexes,
      Array.from({ length: 52 }, (_, i) => i),
    );
  },
  "a page of the log has at most 65,536 bytes, but one entry at least": async (context) => {
    const alice = await context.signUp();
    const group = await context.found(alice);
    for (let i = 0; i < 2; i++) await group.change(alice, "rename", { sealedTitle: Buffer.alloc(40_000, i) });
    const { entries } = await alice.socket.granted({ kind: "log", group: group.id, from: 1 });
    expectEqual(
      "indexes of the page from 1",
      entries.map(({ index }) => index),
      [1],
    );
  },
  "keys has the user's own, from an epoch on, in the order of epochs": async (context) => {
    const [alice, bob] = await context.signUpMany(2);
    const group = await context.found(alice, [bob]);
    const wrapped: Uint8Array[] = [];
    for (let i = 0; i < 2; i++) {
      const keys = group.keysFor(alice, "rekey");
      await group.stage(alice.socket, keys);
      const entry = group.entry(alice, "rekey");
      await alice.socket.granted({ kind: "change", entry });
      group.follow(alice, "rekey", entry);
      wrapped.push(keys.find(({ user }) => user === bob.id)?.wrapped ?? Buffer.alloc(0));
    }
    const { keys, more } = await bob.socket.granted({ kind: "keys", group: group.id, from: epoch(2) });
    expectEqual(
      "keys from 2",
      { keys, more },
      {
        keys: wrapped.map((of, i) => ({ epoch: 2 + i, wrapped: of })),
        more: false,
      },
    );
  },
  "a newcomer may be given keys of earlier epochs, and the old key of a member stays": async (context) => {
    const [alice, bob] = await context.signUpMany(2);
    const group = await context.found(alice);
    const own = await alice.socket.granted({ kind: "keys", group: group.id, from: epoch(1) });
    const earlier = wrappedFor(bob.id, 1);
    await group.stage(alice.socket, [earlier, wrappedFor(alice.id, 1)]);
    await group.change(alice, "admit", { people: [bob] });
    const { keys } = await bob.socket.granted({ kind: "keys", group: group.id, from: epoch(1) });
    expectEqual(
      "epochs of the newcomer's keys",
      keys.map((of) => of.epoch),
      [1, 2],
    );
    expectEqual("the newcomer's key of epoch 1", keys[0]?.wrapped, earlier.wrapped);
    const still = await alice.socket.granted({ kind: "keys", group: group.id, from: epoch(1) });
    expectEqual("the member's key of epoch 1", still.keys[0], own.keys[0]);
  },
  "log and keys of a group that there is not are refused": async (context) => {
    const { socket } = await context.signUp();
    const { id } = new ConformGroup();
    await socket.refused({ kind: "log", group: id, from: 0 }, "not_a_member");
    await socket.refused({ kind: "keys", group: id, from: 1 }, "not_a_member");
  },
});
