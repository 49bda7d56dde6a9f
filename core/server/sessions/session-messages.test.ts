import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import type { TestDeployment } from "../../testing/deployment.ts";
import { groupOf, person } from "../../testing/person.ts";
import { present } from "../../testing/present.ts";
import { deployStrict, errorOf, freshName, rawAs, send } from "../../testing/session-frames.ts";
import { transportsHere } from "../../testing/transports-here.ts";
import { until } from "../../testing/until.ts";
import { readUint64 } from "../../wire/bytes.ts";
import { encodeClientFrame } from "../../wire/client-frame.ts";
import { groupId, seq } from "../../wire/ids.ts";
import { limits } from "../../wire/limits.ts";

for (const transport of transportsHere) {
  suite(`the messages of a session over ${transport}`, () => {
    let deployment: TestDeployment;
    before(async () => {
      deployment = await deployStrict(transport);
    });
    after(() => deployment.stop());

    test("a message to a group of others is refused, whether or not the group exists", async () => {
      const alice = await person(deployment.target, freshName("alice"));
      const bob = await person(deployment.target, freshName("bob"));
      const group = await groupOf(alice);
      const raw = await rawAs(deployment, bob);
      for (const target of [group, groupId(4711)]) {
        raw.sendBytes(send(target, 1));
        const reject = await raw.next((frame) => frame.kind === "reject" && frame.group === target);
        assert.equal(reject.kind === "reject" && reject.code, "not_a_member");
        for (const kind of ["log", "keys", "sync"] as const) {
          const range = kind === "sync" ? { after: 0, through: 10 } : { from: 1 };
          assert.equal(errorOf(await raw.ask({ kind, group: target, ...range })), "not_a_member");
        }
      }
    });

    test("a message under a stale epoch is refused with the group's epoch", async () => {
      const alice = await person(deployment.target, freshName("alice"));
      const group = await groupOf(alice);
      assert.ok((await alice.client.changeGroup(group, { action: "rekey" })).ok);
      const raw = await rawAs(deployment, alice);
      raw.sendBytes(send(group, 1, { atEpoch: 1 }));
      const reject = await raw.next((frame) => frame.kind === "reject");
      assert.equal(reject.kind === "reject" && reject.code, "stale_epoch");
      assert.equal(reject.kind === "reject" && reject.epoch, 2);
      raw.sendBytes(send(group, 1, { atEpoch: 7 }));
      await until(
        () => raw.frames.filter((frame) => frame.kind === "reject").length === 2,
        "an epoch of the future is refused",
      );
    });

    test("a payload over the limit is refused and the next message goes through", async () => {
      const alice = await person(deployment.target, freshName("alice"));
      const group = await groupOf(alice);
      const raw = await rawAs(deployment, alice);
      raw.sendBytes(send(group, 1, { payload: new Uint8Array(limits.payloadBytesMax + 1) }));
      const reject = await raw.next((frame) => frame.kind === "reject");
      assert.equal(reject.kind === "reject" && reject.code, "payload_too_large");
      raw.sendBytes(send(group, 2, { payload: new Uint8Array(limits.payloadBytesMax) }));
      await raw.next((frame) => frame.kind === "ack");
    });

    test("a message over the budget is refused with the time to wait, and no other is", async () => {
      const alice = await person(deployment.target, freshName("alice"));
      const group = await groupOf(alice);
      const raw = await rawAs(deployment, alice);
      for (let i = 0; i < 60; i++) raw.sendBytes(send(group, i));
      const reject = await raw.next((frame) => frame.kind === "reject");
      assert.equal(reject.kind === "reject" && reject.code, "rate_limited");
      assert.ok(reject.kind === "reject" && (reject.retryAfterMs ?? 0) > 0);
      const acknowledged = () =>
        raw.frames.flatMap((frame) => (frame.kind === "ack" ? frame.acknowledgements : [])).length;
      const refused = () => raw.frames.filter((frame) => frame.kind === "reject").length;
      await until(() => acknowledged() + refused() === 60, "each of the messages has its answer");
      assert.ok(acknowledged() >= 50);
      // The first refusal says how many messages may come, when, and when the budget is whole again: enough for that message at
      // least.
      const { remaining = 0, retryAfterMs = 0, resetMs = 0 } = reject;
      assert.ok(remaining >= 1 && resetMs >= retryAfterMs, JSON.stringify({ remaining, retryAfterMs, resetMs }));
    });

    test("messages behind a refused one are refused until it has come again, or is given up", async () => {
      const alice = await person(deployment.target, freshName("alice"));
      const group = await groupOf(alice);
      const raw = await rawAs(deployment, alice);
      await raw.ask({ kind: "groups" });
      const answerTo = async (bytes: Uint8Array, id: number) => {
        const had = raw.frames.length;
        raw.sendBytes(bytes);
        const isOf = (bytes: Uint8Array) => readUint64(bytes, 0) === BigInt(id);
        const answers = () =>
          raw.frames.slice(had).flatMap((frame) => {
            if (frame.kind === "ack") {
              return frame.acknowledgements.some((of) => of.clientMessageId === BigInt(id)) ? ["taken in"] : [];
            }
            return frame.kind === "reject" && isOf(frame.clientMessageId) ? [frame.code] : [];
          });
        await until(() => answers().length > 0, `message ${id} is answered`);
        return answers()[0];
      };
      assert.equal(await answerTo(send(group, 1), 1), "taken in");
      assert.equal(await answerTo(send(group, 2, { atEpoch: 9 }), 2), "stale_epoch");
      assert.equal(await answerTo(send(group, 3), 3), "busy");
      assert.equal(await answerTo(send(group, 4), 4), "busy");
      assert.equal(await answerTo(send(group, 3), 3), "busy");
      // A handshake message, which leads to another key, does not wait.
      assert.equal(await answerTo(send(group, 20, { type: 2 }), 20), "taken in");
      assert.equal(await answerTo(send(group, 2), 2), "taken in");
      assert.equal(await answerTo(send(group, 4), 4), "busy");
      assert.equal(await answerTo(send(group, 3), 3), "taken in");
      assert.equal(await answerTo(send(group, 4), 4), "taken in");

      assert.equal(await answerTo(send(group, 5, { atEpoch: 9 }), 5), "stale_epoch");
      assert.equal(await answerTo(send(group, 6), 6), "busy");
      assert.equal(await answerTo(send(group, 7, { skipsRefused: true }), 7), "taken in");
      assert.equal(await answerTo(send(group, 8), 8), "taken in");
      // A message that is refused for good keeps no turn.
      assert.equal(
        await answerTo(send(group, 9, { payload: new Uint8Array(limits.payloadBytesMax + 1) }), 9),
        "payload_too_large",
      );
      assert.equal(await answerTo(send(group, 10), 10), "taken in");
    });

    test("a message that is sent twice has one seq, and members get it once", async () => {
      const alice = await person(deployment.target, freshName("alice"));
      const bob = await person(deployment.target, freshName("bob"));
      const group = await groupOf(alice, bob);
      const watching = await rawAs(deployment, bob);
      await watching.ask({ kind: "groups" });
      const raw = await rawAs(deployment, alice);
      raw.sendBytes(send(group, 5));
      await raw.next((frame) => frame.kind === "ack");
      raw.sendBytes(send(group, 5, { resend: true }));
      raw.sendBytes(send(group, 6));
      const acks = () => raw.frames.flatMap((frame) => (frame.kind === "ack" ? frame.acknowledgements : []));
      await until(() => acks().length === 3, "three acknowledgements");
      assert.deepEqual(
        acks().map(({ clientMessageId: id, seq }) => [Number(id), Number(seq)]),
        [
          [5, 2],
          [5, 2],
          [6, 3],
        ],
      );
      const delivered = () => watching.frames.flatMap((frame) => (frame.kind === "deliver" ? frame.messages : []));
      await until(() => delivered().some((message) => message.clientMessageId === 6n), "the last message arrives");
      assert.deepEqual(
        delivered().map((message) => Number(message.clientMessageId)),
        [5, 6],
      );
    });

    test("history comes in pages that together are all of it", async () => {
      const alice = await person(deployment.target, freshName("alice"));
      const group = await groupOf(alice);
      const raw = await rawAs(deployment, alice);
      for (let i = 1; i <= 5; i++)
        raw.sendBytes(send(group, i, { payload: new Uint8Array(limits.payloadBytesMax - 100) }));
      await until(
        () => raw.frames.flatMap((f) => (f.kind === "ack" ? f.acknowledgements : [])).length === 5,
        "five are stored",
      );
      const reader = await rawAs(deployment, alice);
      let after = 0;
      let pages = 0;
      for (;;) {
        const page = await reader.ask({ kind: "sync", group, after, through: 100 });
        assert.equal(page.kind, "synced");
        if (page.kind !== "synced") return;
        pages++;
        after = page.through;
        if (after >= page.lastSeq) break;
      }
      assert.ok(pages > 1, "the bound on bytes makes more than one page");
      const seqs = reader.frames.flatMap((f) => (f.kind === "deliver" ? f.messages.map((_, i) => f.firstSeq + i) : []));
      assert.deepEqual(seqs, [1, 2, 3, 4, 5, 6]);
    });

    test("a seq that a member claims to have does not change the group's last seq", async () => {
      const alice = await person(deployment.target, freshName("alice"));
      const bob = await person(deployment.target, freshName("bob"));
      const group = await groupOf(alice, bob);
      const raw = await rawAs(deployment, bob);
      const answer = await raw.ask({ kind: "sync", group, after: 1e15, through: 2e15 });
      assert.ok(answer.kind === "synced" && answer.lastSeq === 1, JSON.stringify(answer));
      const groups = await (await rawAs(deployment, alice)).ask({ kind: "groups" });
      assert.ok(groups.kind === "groups" && groups.groups[0]?.lastSeq === 1, JSON.stringify(groups));
    });

    test("a member who watches a group sees who is online and how far each has read", async () => {
      const alice = await person(deployment.target, freshName("alice"));
      const bob = await person(deployment.target, freshName("bob"));
      const group = await groupOf(alice, bob);
      await alice.say(group, "hello");
      const raw = await rawAs(deployment, alice);
      raw.sendBytes(encodeClientFrame({ kind: "open", group }));
      const online = () => {
        const users = new Set<number>();
        for (const frame of raw.frames) {
          if (frame.kind !== "presence") continue;
          for (const user of frame.online) users.add(user);
          for (const user of frame.offline) users.delete(user);
        }
        return [...users].sort((a, b) => a - b);
      };
      const [aliceId, bobId] = [present(alice.client.user), present(bob.client.user)];
      await until(() => online().length === 2, "both are shown online");
      bob.client.mailbox.read(group, seq(2));
      const cursorOf = (user: number) =>
        raw.frames.flatMap((f) => (f.kind === "cursors" ? f.cursors : [])).findLast(([of]) => of === user)?.[1];
      await until(() => cursorOf(bobId) === 2, "bob's cursor is shown");
      await bob.client.close();
      await until(() => online().length === 1 && online()[0] === aliceId, "bob is shown offline");
    });
  });
}
