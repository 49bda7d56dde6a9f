import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { wordsOf } from "../../e2ee/content.ts";
import { losing } from "../../testing/lossy-socket.ts";
import { present } from "../../testing/present.ts";
import { until } from "../../testing/until.ts";
import { ackKind } from "../../wire/ack-frame.ts";
import { deliverKind } from "../../wire/deliver-frame.ts";
import { type GroupId, seq } from "../../wire/ids.ts";
import type { SendOutcome } from "../mail/outgoing-message.ts";
import { openAccount } from "./new-account.ts";
import { machine, peopleAtMachines } from "./testing/machines.ts";

suite("a person at their machines", () => {
  const { accounts, closed, online, signedUp, atAnother, groupOf, say, texts, shown, changesOf } = peopleAtMachines();

  test("a message that is read at one is read at the other, and members who watch the group see it", async () => {
    const [alice, bob] = [await signedUp(), await signedUp()];
    const elsewhere = await atAnother(bob);
    const group = await groupOf(alice, bob);
    const said = await say(alice, group, `hello @${bob.name}`);
    assert.ok(said.ok);
    for (const machineOf of [bob, elsewhere]) {
      await until(() => shown(machineOf, group)?.unread === 1, "the message is unread");
      assert.equal(shown(machineOf, group).mentions, 1);
      assert.equal(shown(machineOf, group).title, "a title");
    }
    assert.equal(shown(alice, group).unread, 0);
    alice.client.watchGroup(group);
    elsewhere.client.watchGroup(group);
    const user = present(bob.client.user);
    await until(() => alice.client.onlineIn(group).has(user), "bob is seen");
    bob.client.markRead(group, said.seq);
    await until(() => alice.client.cursorsIn(group).get(user) === said.seq, "alice sees how far bob has read");
    await until(() => shown(elsewhere, group).unread === 0, "the other machine knows");
  });

  test("the receipt for a message that was read offline is sent with the next connection", async () => {
    const [alice, bob] = [await signedUp(), await signedUp()];
    const group = await groupOf(alice, bob);
    const said = await say(alice, group, "hello");
    assert.ok(said.ok);
    await until(() => shown(bob, group)?.unread === 1, "it has come");
    alice.client.watchGroup(group);
    bob.client.mailbox.goOffline();
    bob.client.markRead(group, said.seq);
    assert.equal(shown(bob, group).unread, 0);
    bob.client.mailbox.goOnline();
    await until(() => alice.client.cursorsIn(group).get(present(bob.client.user)) === said.seq, "alice sees it");
  });

  test("without receipts nobody sees how far the user has read, and the user's own machine knows", async () => {
    const [alice, bob] = [await signedUp(), await signedUp()];
    const group = await groupOf(alice, bob);
    bob.client.readReceipts = false;
    const said = await say(alice, group, "hello");
    assert.ok(said.ok);
    await until(() => shown(bob, group)?.unread === 1, "it has come");
    alice.client.watchGroup(group);
    bob.client.markRead(group, said.seq);
    assert.equal(shown(bob, group).unread, 0);
    bob.client.mailbox.interrupt();
    await until(() => bob.client.mailbox.state === "online", "bob is back");
    // Notices come in order: one of bob's would have come before this one.
    const next = await say(alice, group, "and again");
    assert.ok(next.ok);
    alice.client.markRead(group, next.seq);
    await until(() => alice.client.cursorsIn(group).has(present(alice.client.user)), "alice sees her own");
    assert.equal(alice.client.cursorsIn(group).has(present(bob.client.user)), false);
    assert.equal((await bob.client.mailbox.request({ kind: "groups" })).ok, true);
  });

  test("what was read at one machine is read at another that is connected, and watches nothing", async () => {
    const [alice, bob] = [await signedUp(), await signedUp()];
    const group = await groupOf(alice, bob);
    const second = await atAnother(bob);
    await until(() => second.client.mailbox.groups.has(group), "both machines are in the group");
    const said = await say(alice, group, "read me");
    assert.ok(said.ok);
    await until(() => shown(bob, group).unread === 1 && shown(second, group).unread === 1, "it is unread at both");
    bob.client.markRead(group, said.seq);
    await until(() => shown(second, group).unread === 0, "it is read at the other, too");
  });

  test("a failed message that is sent again arrives once, even if the server had it already", async () => {
    let lost: readonly (number | undefined)[] = [];
    const parts = machine(losing((frame) => lost.includes(frame[1])));
    const [alice, bob] = [await signedUp(), await signedUp(parts)];
    const group = await groupOf(alice, bob);
    await say(bob, group, "heard");
    lost = [ackKind, deliverKind];
    const outcome = say(bob, group, "taken in without an ACK");
    await until(() => texts(alice, group).length === 2, "alice has it");
    assert.ok((await alice.client.changeGroup(group, { action: "remove", names: [bob.name] })).ok);
    assert.deepEqual((await outcome).ok, false);
    const never = await say(bob, group, "never taken in");
    assert.equal(never.ok, false);
    const failed = bob.vault.view.last(group, 10).filter(({ state }) => state === "failed");
    assert.deepEqual(
      failed.map(({ why }) => why),
      ["not_a_member", "not_a_member"],
    );
    // A message that is delivered has not failed; its DELIVER is lost here, so that bob sends it again.
    lost = [deliverKind];
    assert.ok((await alice.client.changeGroup(group, { action: "admit", names: [bob.name] })).ok);
    await until(() => bob.client.mailbox.groups.has(group), "bob is back");
    for (const { clientMessageId } of failed) {
      const again = await new Promise<SendOutcome>((resolve) => {
        assert.ok(bob.client.retry(clientMessageId, resolve).ok);
        assert.deepEqual(
          bob.vault.view.waiting().map(({ clientMessageId: id }) => id),
          [clientMessageId],
        );
      });
      assert.ok(again.ok);
      assert.ok(!bob.client.retry(clientMessageId, () => {}).ok, "it has not failed now");
    }
    await until(() => texts(alice, group).length === 3, "alice has both");
    assert.deepEqual(texts(alice, group), ["heard", "taken in without an ACK", "never taken in"]);
  });

  test("a message that failed or waits can be discarded, and no other", async () => {
    const [alice, bob] = [await signedUp(), await signedUp()];
    const group = await groupOf(alice, bob);
    const said = await say(bob, group, "arrived");
    assert.ok(said.ok);
    await until(() => bob.vault.view.last(group, 10)[0]?.seq === said.seq, "it has its seq");
    bob.client.mailbox.goOffline();
    for (const text of ["waits", "goes out"]) bob.client.send(group, { kind: "text", text }, () => {});
    const [arrived, waits] = bob.vault.view.last(group, 10);
    assert.ok(arrived && waits);
    const gone: unknown[] = [];
    bob.vault.view.subscribe((change) => gone.push(change));
    assert.equal(bob.client.discard(arrived.clientMessageId), false);
    assert.equal(bob.client.discard(waits.clientMessageId), true);
    assert.equal(bob.client.discard(waits.clientMessageId), false);
    assert.deepEqual(gone, [{ group, row: waits.row }]);
    bob.client.mailbox.goOnline();
    await until(() => texts(alice, group).includes("goes out"), "what was kept goes out");
    assert.deepEqual(texts(alice, group), ["arrived", "goes out"]);

    assert.ok((await alice.client.changeGroup(group, { action: "remove", names: [bob.name] })).ok);
    assert.equal((await say(bob, group, "failed")).ok, false);
    const failed = present(bob.vault.view.last(group, 10).find(({ state }) => state === "failed"));
    assert.equal(bob.client.discard(failed.clientMessageId), true);
    assert.deepEqual(texts(bob, group), ["arrived", "goes out"]);
  });

  test("a text that is too long is refused before it is kept, and one that an earlier program has kept fails", async () => {
    const parts = machine();
    const alice = await signedUp(parts);
    const group = await groupOf(alice);
    const text = "x".repeat(131_000);
    const taken = alice.client.send(group, { kind: "text", text }, () => {});
    assert.equal(taken.ok ? "" : taken.reason.code, "payload_too_large");
    assert.deepEqual(alice.vault.view.waiting(), []);
    const id = alice.client.mailbox.nextId();
    alice.vault.written({ id, group, content: { kind: "text", text }, writtenAt: 1 });
    await closed(alice);
    const again = await online(await openAccount(alice.name, "password", parts, {}));
    await until(() => again.vault.view.last(group, 10)[0]?.why === "payload_too_large", "it has failed");
    assert.ok((await say(again, group, "goes out")).ok);
  });

  test("a group that its admin deletes has no members, also when an earlier attempt had removed the others", async () => {
    const [alice, bob, carol] = [await signedUp(), await signedUp(), await signedUp()];
    for (const begun of [false, true]) {
      const group = await groupOf(alice, bob, carol);
      // A removed member can no longer read the log.
      await until(() => [bob, carol].every((of) => changesOf(of, group).length === 1), "everybody has read the log");
      const notAdmin = await bob.client.deleteGroup(group);
      assert.equal(notAdmin.ok ? "" : notAdmin.reason.code, "not_allowed");
      if (begun) {
        const names = [bob.name, carol.name];
        assert.ok((await alice.client.changeGroup(group, { action: "remove", names })).ok);
      }
      assert.deepEqual(await alice.client.deleteGroup(group), { ok: true, value: undefined });
      for (const account of [alice, bob, carol]) {
        await until(() => shown(account, group).leftAt !== undefined, "it is left");
        assert.ok(!account.client.mailbox.groups.has(group));
      }
      const again = await alice.client.deleteGroup(group);
      assert.equal(again.ok ? "" : again.reason.code, "not_a_member");
      const actions = () => changesOf(bob, group).map(({ action }) => action);
      await until(() => actions().length === 2, "bob sees who removed him");
      assert.deepEqual(actions(), ["create", "remove"]);
    }
  });

  test("a machine that was off learns when it is back that its user was removed", async () => {
    const parts = machine();
    const [alice, bob] = [await signedUp(), await signedUp(parts)];
    const group = await groupOf(alice, bob);
    await say(alice, group, "hello");
    await until(() => shown(bob, group)?.unread === 1, "it has come");
    await closed(bob);
    assert.ok((await alice.client.changeGroup(group, { action: "remove", names: [bob.name] })).ok);
    const left: GroupId[] = [];
    const again = await online(await openAccount(bob.name, "password", parts, { left: (of) => left.push(of) }));
    await until(() => shown(again, group).leftAt !== undefined, "bob is out");
    assert.deepEqual(left, [group]);
    assert.deepEqual(texts(again, group), ["hello"]);
  });

  test("an account that is opened without a server shows all that it keeps, and takes in messages that go out in their order later", async () => {
    const parts = machine();
    const [alice, bob] = [await signedUp(parts), await signedUp()];
    const group = await groupOf(alice, bob);
    await say(bob, group, "hello");
    await until(() => texts(alice, group).length === 1, "it has come");
    assert.ok((await alice.client.changeGroup(group, { action: "rename", title: "another title" })).ok);
    const user = alice.client.user;
    await closed(alice);
    const profile = parts.profiles.read(alice.name);
    assert.ok(profile);
    parts.profiles.write(alice.name, { ...profile, server: "127.0.0.1:1" });
    const offline = await openAccount(alice.name, "password", parts, {});
    accounts.add(offline);
    assert.equal(offline.client.user, user);
    assert.deepEqual(texts(offline, group), ["hello"]);
    assert.deepEqual([shown(offline, group).title, shown(offline, group).unread], ["another title", 1]);
    assert.equal(offline.client.conversation(group).membership?.members.size, 2);
    assert.deepEqual(
      changesOf(offline, group).map(({ action, title }) => [action, title]),
      [
        ["create", "a title"],
        ["rename", "another title"],
      ],
    );
    assert.ok(changesOf(offline, group).every(({ at }) => typeof at === "number"));
    offline.client.send(group, { kind: "text", text: "written offline" }, () => {});
    assert.deepEqual(
      offline.vault.view.waiting().map(({ group: of, content }) => [of, content && wordsOf(content)]),
      [[group, "written offline"]],
    );
    offline.client.markRead(group, seq(9));
    assert.equal(offline.client.server, undefined);
    const nobody = await offline.about();
    assert.equal(nobody.ok ? "" : nobody.reason.code, "offline");
    for (const text of ["second", "third", "fourth"]) offline.client.send(group, { kind: "text", text }, () => {});
    await closed(offline);
    parts.profiles.write(alice.name, profile);
    await online(await openAccount(alice.name, "password", parts, {}));
    await until(() => texts(bob, group).length === 5, "bob has all of it");
    assert.deepEqual(texts(bob, group), ["hello", "written offline", "second", "third", "fourth"]);
  });

  test("an account knows its server, the round-trip time, and the strategy that chose the server", async () => {
    const alice = await signedUp();
    assert.equal(typeof alice.client.server, "string");
    const trip = await alice.client.mailbox.roundTrip();
    assert.ok(trip.ok && trip.value > 0 && trip.value < 10_000);
    const about = await alice.about();
    assert.ok(about.ok);
    assert.equal(about.value.strategy, "round-robin");
    alice.client.mailbox.goOffline();
    assert.equal(alice.client.server, undefined);
    const none = await alice.client.mailbox.roundTrip();
    assert.equal(none.ok ? "" : none.reason.code, "offline");
  });
});
