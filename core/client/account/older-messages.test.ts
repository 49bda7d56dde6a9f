import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { wordsOf } from "../../e2ee/content.ts";
import { until } from "../../testing/until.ts";
import { groupId } from "../../wire/ids.ts";
import { peopleAtMachines } from "./testing/machines.ts";

suite("older messages at a machine", () => {
  const { closed, signedUp, atAnother, groupOf, say, sayAll, texts, shown, changesOf } = peopleAtMachines();

  test("a new machine begins with the latest messages, and fetches older ones up to the first when the user asks", async () => {
    const alice = await signedUp();
    const group = await groupOf(alice);
    await sayAll(alice, group, 620, "long ago");
    const events: string[] = [];
    const elsewhere = await atAnother(alice, { message: ({ content }) => events.push(wordsOf(content)) });
    const last = `${(await say(alice, group, "now")).ok}`;
    assert.equal(last, "true");
    await until(() => texts(elsewhere, group).includes("now"), "the newest has come");
    const before = texts(elsewhere, group).length;
    assert.equal(before, 501);
    assert.equal(events.length, 501);
    const [{ cursor } = assert.fail()] = elsewhere.vault.groups();
    // Two calls at the same time fetch once.
    const [first, same] = await Promise.all([
      elsewhere.client.conversation(group).older(50),
      elsewhere.client.conversation(group).older(50),
    ]);
    assert.deepEqual(first, { ok: true, value: { count: 50, more: true } });
    assert.deepEqual(same, first);
    assert.equal(texts(elsewhere, group).length, before + 50);
    assert.deepEqual(await elsewhere.client.conversation(group).older(1000), {
      ok: true,
      value: { count: 70, more: false },
    });
    assert.deepEqual(await elsewhere.client.conversation(group).older(1000), {
      ok: true,
      value: { count: 0, more: false },
    });
    assert.deepEqual(texts(elsewhere, group), texts(alice, group));
    assert.equal(events.length, 501, "older messages make no events");
    assert.equal(elsewhere.vault.groups()[0]?.cursor, cursor);
    assert.equal(changesOf(elsewhere, group)[0]?.action, "create");
    assert.equal(typeof changesOf(elsewhere, group)[0]?.at, "number");
    await closed(elsewhere);
  });

  test("older messages from before a member came are passed over", async () => {
    const [alice, bob] = [await signedUp(), await signedUp()];
    const group = await groupOf(alice);
    await sayAll(alice, group, 20, "before bob");
    const admitted = await alice.client.changeGroup(group, { action: "admit", names: [bob.name] });
    assert.ok(admitted.ok);
    await sayAll(alice, group, 30, "with bob");
    await until(() => texts(bob, group).length === 30, "bob has read them");
    const removed = await alice.client.changeGroup(group, { action: "remove", names: [bob.name] });
    assert.ok(removed.ok);
    await until(() => shown(bob, group)?.leftAt !== undefined, "bob is out");
    await sayAll(alice, group, 40, "without bob");
    assert.ok((await alice.client.changeGroup(group, { action: "admit", names: [bob.name] })).ok);
    await sayAll(alice, group, 495, "again");
    const elsewhere = await atAnother(bob);
    await until(() => texts(elsewhere, group).includes("again 494"), "the newest has come");
    const counts: number[] = [];
    for (let more = true; more; ) {
      const older = await elsewhere.client.conversation(group).older(30);
      assert.ok(older.ok);
      counts.push(older.value.count);
      ({ more } = older.value);
    }
    assert.equal(
      counts.reduce((sum, count) => sum + count),
      30,
    );
    const expected = (text: string, count: number) => Array.from({ length: count }, (_, i) => `${text} ${i}`);
    const again = expected("again", 495);
    // The servers deleted bob's keys when he was removed: only his first machine has them.
    const unread = elsewhere.vault.view.last(group, 1000).filter(({ state }) => state === "unreadable");
    assert.deepEqual([...new Set(unread.map(({ why, epoch }) => `${why} ${epoch}`))], ["unknown_epoch 2"]);
    assert.deepEqual(texts(elsewhere, group), [...unread.map(() => undefined), ...again]);
    assert.equal(unread.length, 30);
    await until(() => texts(bob, group).includes("again 494"), "the newest has come to the first machine");
    const fetched = await bob.client.conversation(group).older(500);
    assert.deepEqual(fetched, { ok: true, value: { count: 0, more: false } });
    assert.deepEqual(texts(bob, group), [...expected("with bob", 30), ...again]);
    const first = changesOf(elsewhere, group).find(({ action }) => action === "admit")?.seq;
    assert.ok(elsewhere.vault.oldest(group) === first, "nothing before bob came is asked for");
    assert.deepEqual(
      changesOf(elsewhere, group).map(({ action, actor, subjects }) => [action, actor, ...subjects]),
      [
        ["create", alice.client.user],
        ["admit", alice.client.user, bob.client.user],
        ["remove", alice.client.user, bob.client.user],
        ["admit", alice.client.user, bob.client.user],
      ],
    );
    await closed(elsewhere);
  });

  test("older messages are refused without a server, and of an unknown group", async () => {
    const alice = await signedUp();
    const group = await groupOf(alice);
    await sayAll(alice, group, 510, "long ago");
    const elsewhere = await atAnother(alice);
    await until(() => texts(elsewhere, group).length === 500, "the last have come");
    elsewhere.client.mailbox.goOffline();
    const older = await elsewhere.client.conversation(group).older(10);
    assert.equal(older.ok ? "" : older.reason.code, "offline");
    const nowhere = await elsewhere.client.conversation(groupId(4711)).older(10);
    assert.equal(nowhere.ok ? "" : nowhere.reason.code, "not_a_member");
    elsewhere.client.mailbox.goOnline();
    await until(async () => (await elsewhere.client.conversation(group).older(10)).ok, "it works again");
    await closed(elsewhere);
  });
});
