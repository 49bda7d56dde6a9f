import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, suite, test } from "node:test";
import { wordsOf } from "../../e2ee/content.ts";
import * as opaque from "../../e2ee/opaque-client.ts";
import { inlineRsa } from "../../e2ee/rsa-inline.ts";
import { systemClock } from "../../platform/clock.ts";
import { seededRandom } from "../../platform/random.ts";
import { deploy, type TestDeployment } from "../../testing/deployment.ts";
import { keyPair } from "../../testing/key-pairs.ts";
import { losing } from "../../testing/lossy-socket.ts";
import { present } from "../../testing/present.ts";
import { until } from "../../testing/until.ts";
import { ackKind } from "../../wire/ack-frame.ts";
import { deliverKind } from "../../wire/deliver-frame.ts";
import { type GroupId, groupId, seq } from "../../wire/ids.ts";
import type { ClientEvents } from "../client.ts";
import type { SendOutcome } from "../mail/outgoing-message.ts";
import { openLeanSocket } from "../socket/lean-socket.ts";
import type { ShownGroup } from "../vault/view.ts";
import { type LocalAccountParts } from "./account-parts.ts";
import { type LocalAccount } from "./local-account.ts";
import { logInHere, openAccount, signUpHere } from "./new-account.ts";
import { Profiles } from "./profile.ts";

const keyPairs = await Promise.all([0, 1, 2].map(keyPair));
const place = mkdtempSync(path.join(tmpdir(), "person-test-"));
after(() => rmSync(place, { recursive: true, force: true }));
let machines = 0;
let users = 0;

function machine(open = openLeanSocket): LocalAccountParts {
  const profiles = new Profiles(path.join(place, `machine${machines++}`));
  const random = seededRandom(machines);
  const keys = keyPairs[machines % keyPairs.length] as (typeof keyPairs)[number];
  const crypto = { ...opaque, ...inlineRsa, generateKeys: async () => keys };
  return { profiles, crypto, open, clock: systemClock, random, effort: "simulated" };
}

suite("a person at their machines", () => {
  let deployment: TestDeployment;
  const accounts = new Set<LocalAccount>();
  before(async () => {
    deployment = await deploy({ servers: 2 });
  });
  after(async () => {
    await Promise.all([...accounts].map((account) => account.close()));
    await deployment.stop();
  });

  const addressOf = (user: string) => ({ profile: user, server: deployment.target, trust: {}, user });
  const closed = async (account: LocalAccount) => {
    accounts.delete(account);
    await account.close();
  };
  async function online(account: LocalAccount): Promise<LocalAccount> {
    accounts.add(account);
    await account.connect("password");
    return account;
  }
  const signedUp = async (parts = machine(), events: ClientEvents = {}) =>
    online(await signUpHere(addressOf(`user${users++}`), "password", parts, events));
  const atAnother = async (account: LocalAccount, events: ClientEvents = {}) =>
    online(await logInHere(addressOf(account.name), "password", machine(), events));

  async function groupOf(founder: LocalAccount, ...others: LocalAccount[]): Promise<GroupId> {
    const made = await founder.client.createGroup({ title: "a title", members: others.map(({ name }) => name) });
    assert.ok(made.ok);
    const { group } = made.value;
    await until(() => others.every(({ client }) => client.mailbox.groups.has(group)), "all are members");
    return group;
  }
  const say = (account: LocalAccount, group: GroupId, text: string) =>
    new Promise<SendOutcome>((resolve) => account.client.send(group, { kind: "text", text }, resolve));
  async function sayAll(account: LocalAccount, group: GroupId, count: number, text: string): Promise<void> {
    const said = await Promise.all(Array.from({ length: count }, (_, i) => say(account, group, `${text} ${i}`)));
    assert.ok(said.every(({ ok }) => ok));
  }
  const texts = ({ vault }: LocalAccount, group: GroupId) =>
    vault.view.last(group, 10_000).map(({ content }) => (content ? wordsOf(content) : undefined));
  const shown = ({ vault }: LocalAccount, group: GroupId) =>
    vault.view.groups().find((of) => of.group === group) as ShownGroup;
  const changesOf = ({ client }: LocalAccount, group: GroupId) => client.conversation(group).changes;

  test("what is read at one is read at the other, and whoever looks sees it", async () => {
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

  test("what was read without a connection is told with the next one", async () => {
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

  test("without receipts nobody is told, and the user's own machine knows all the same", async () => {
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
    // What is told is told in order: alice would have heard of the first, too.
    const next = await say(alice, group, "and again");
    assert.ok(next.ok);
    alice.client.markRead(group, next.seq);
    await until(() => alice.client.cursorsIn(group).has(present(alice.client.user)), "alice sees her own");
    assert.equal(alice.client.cursorsIn(group).has(present(bob.client.user)), false);
    assert.equal((await bob.client.mailbox.request({ kind: "groups" })).ok, true);
  });

  test("a new machine begins with the last messages, and goes back to the first when it is asked", async () => {
    const alice = await signedUp();
    const group = await groupOf(alice);
    await sayAll(alice, group, 620, "long ago");
    const events: string[] = [];
    const elsewhere = await atAnother(alice, { message: ({ content }) => events.push(wordsOf(content) ?? "") });
    const last = `${(await say(alice, group, "now")).ok}`;
    assert.equal(last, "true");
    await until(() => texts(elsewhere, group).includes("now"), "the newest has come");
    const before = texts(elsewhere, group).length;
    assert.equal(before, 501);
    assert.equal(events.length, 501);
    const [{ cursor } = assert.fail()] = elsewhere.vault.groups();
    // Together they are one.
    const [first, same] = await Promise.all([elsewhere.client.older(group, 50), elsewhere.client.older(group, 50)]);
    assert.deepEqual(first, { ok: true, value: { count: 50, more: true } });
    assert.deepEqual(same, first);
    assert.equal(texts(elsewhere, group).length, before + 50);
    assert.deepEqual(await elsewhere.client.older(group, 1000), { ok: true, value: { count: 70, more: false } });
    assert.deepEqual(await elsewhere.client.older(group, 1000), { ok: true, value: { count: 0, more: false } });
    assert.deepEqual(texts(elsewhere, group), texts(alice, group));
    assert.equal(events.length, 501, "what is old is no news");
    assert.equal(elsewhere.vault.groups()[0]?.cursor, cursor);
    assert.equal(changesOf(elsewhere, group)[0]?.action, "create");
    assert.equal(typeof changesOf(elsewhere, group)[0]?.at, "number");
    await closed(elsewhere);
  });

  test("what was written before somebody came is passed over when they ask for older messages", async () => {
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
      const older = await elsewhere.client.older(group, 30);
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
    // The servers have thrown away the keys that bob had when he was removed: only his first machine has them.
    const unread = elsewhere.vault.view.last(group, 1000).filter(({ state }) => state === "unreadable");
    assert.deepEqual([...new Set(unread.map(({ why, epoch }) => `${why} ${epoch}`))], ["unknown_epoch 2"]);
    assert.deepEqual(texts(elsewhere, group), [...unread.map(() => undefined), ...again]);
    assert.equal(unread.length, 30);
    await until(() => texts(bob, group).includes("again 494"), "the newest has come to the first machine");
    const fetched = await bob.client.older(group, 500);
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

  test("older messages without a server, or of no group, are refused", async () => {
    const alice = await signedUp();
    const group = await groupOf(alice);
    await sayAll(alice, group, 510, "long ago");
    const elsewhere = await atAnother(alice);
    await until(() => texts(elsewhere, group).length === 500, "the last have come");
    elsewhere.client.mailbox.goOffline();
    const older = await elsewhere.client.older(group, 10);
    assert.equal(older.ok ? "" : older.reason.code, "offline");
    const nowhere = await elsewhere.client.older(groupId(4711), 10);
    assert.equal(nowhere.ok ? "" : nowhere.reason.code, "not_a_member");
    elsewhere.client.mailbox.goOnline();
    await until(async () => (await elsewhere.client.older(group, 10)).ok, "it works again");
    await closed(elsewhere);
  });

  test("a message that failed is there once when it is sent again, even if the server had it already", async () => {
    let lost: readonly (number | undefined)[] = [];
    const parts = machine(losing((frame) => lost.includes(frame[1])));
    const [alice, bob] = [await signedUp(), await signedUp(parts)];
    const group = await groupOf(alice, bob);
    await say(bob, group, "heard");
    lost = [ackKind, deliverKind];
    const outcome = say(bob, group, "taken in, and nobody told bob");
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
    // What comes back with the history has not failed any more.
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
    assert.deepEqual(texts(alice, group), ["heard", "taken in, and nobody told bob", "never taken in"]);
  });

  test("a message that failed can be thrown away, and one that did not cannot", async () => {
    const alice = await signedUp();
    const group = await groupOf(alice);
    const outcome = await say(alice, group, "x".repeat(70_000));
    assert.equal(outcome.ok ? "" : outcome.code, "payload_too_large");
    const said = await say(alice, group, "fits");
    assert.ok(said.ok);
    await until(() => alice.vault.view.last(group, 10)[0]?.seq === said.seq, "it has its place");
    const [fits, large] = alice.vault.view.last(group, 10);
    assert.ok(fits && large);
    const gone: unknown[] = [];
    alice.vault.view.subscribe((change) => gone.push(change));
    assert.equal(alice.client.discard(fits.clientMessageId), false);
    assert.equal(alice.client.discard(large.clientMessageId), true);
    assert.equal(alice.client.discard(large.clientMessageId), false);
    assert.deepEqual(gone, [{ group, row: large.row }]);
    assert.deepEqual(texts(alice, group), ["fits"]);
    assert.ok(!alice.client.retry(large.clientMessageId, () => {}).ok);
  });

  test("a group that its admin deletes is nobody's any more, also when that was begun before", async () => {
    const [alice, bob, carol] = [await signedUp(), await signedUp(), await signedUp()];
    for (const begun of [false, true]) {
      const group = await groupOf(alice, bob, carol);
      // Who is removed may read the log no more.
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
      await until(() => actions().length === 2, "who was removed sees by whom");
      assert.deepEqual(actions(), ["create", "remove"]);
    }
  });

  test("what happened to a group while a machine was off is known when it is back", async () => {
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

  test("opened without a server, it shows everything that it keeps, and takes what is written", async () => {
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
    await closed(offline);
  });

  test("it knows which server it is connected to, how far that is, and by which strategy it was sent there", async () => {
    const alice = await signedUp();
    assert.equal(typeof alice.client.server, "string");
    const trip = await alice.client.roundTrip();
    assert.ok(trip.ok && trip.value > 0 && trip.value < 10_000);
    const about = await alice.about();
    assert.ok(about.ok);
    assert.equal(about.value.strategy, "round-robin");
    alice.client.mailbox.goOffline();
    assert.equal(alice.client.server, undefined);
    const none = await alice.client.roundTrip();
    assert.equal(none.ok ? "" : none.reason.code, "offline");
  });
});
