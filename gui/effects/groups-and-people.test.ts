import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { signUpHere } from "../../core/client/index.ts";
import { createIdentity, type IdentityKeyPairs } from "../../core/e2ee/identity.ts";
import { systemClock } from "../../core/platform/clock.ts";
import { deploy, type TestDeployment } from "../../core/testing/deployment.ts";
import { keyPair } from "../../core/testing/key-pairs.ts";
import { type Person, person } from "../../core/testing/person.ts";
import { present } from "../../core/testing/present.ts";
import { until } from "../../core/testing/until.ts";
import { type GroupId, type UserId, userId } from "../../core/wire/ids.ts";
import type { Effect } from "../model/effect.ts";
import type { Event } from "../model/event.ts";
import { defaultSettings } from "../model/settings.ts";
import { eventOf, machine, Seat } from "../testing/seat.ts";
import { AccountFeed } from "./account-feed.ts";
import { acceptIdentity, readSafetyNumber, verify } from "./trust.ts";

suite("groups and people", () => {
  let deployment: TestDeployment;
  let alice: Seat;
  let aliceId: UserId;
  let bob: Person;
  let bobId: UserId;
  let group: GroupId;
  /** Users whom bob saw typing. */
  const bobSaw: UserId[] = [];

  before(async () => {
    deployment = await deploy();
    bob = await person(deployment.target, "bob", { events: { typing: (_, user) => void bobSaw.push(user) } });
    bobId = present(bob.client.user);
    alice = new Seat();
    await alice.perform({ kind: "signUp", server: deployment.target, user: "alice", password: "p" });
    aliceId = alice.last("accountOpened").self.user;
  });
  after(async () => {
    await alice.runner.close();
    await deployment.stop();
  });

  test("a group that somebody else founds is news, and its facts come once it is shown", async () => {
    alice.fresh();
    const made = await bob.client.createGroup({ title: "climbing", members: ["alice"] });
    group = made.ok ? made.value.group : assert.fail();
    await alice.until("groups", ({ groups }) => groups.some(({ title }) => title === "climbing"));
    await alice.until("people", ({ people }) => people.some(({ name }) => name === "bob"));
    assert.equal((await alice.until("news")).text, "bob has founded climbing.");
    await alice.perform({ kind: "show", group, before: undefined });
    const { facts } = await alice.until("facts");
    const { changes, ...rest } = facts;
    assert.deepEqual(rest, {
      title: "climbing",
      members: [
        { user: bobId, name: "bob", admin: true },
        { user: aliceId, name: "alice", admin: false },
      ],
      epoch: 1,
      suite: "rsa-fernet",
      expireSeconds: 0,
    });
    assert.equal(changes.length, 1);
    const [{ at, ...created } = assert.fail()] = changes;
    const subjects = [aliceId];
    assert.deepEqual(created, { seq: 1, by: bobId, action: "create", subjects, title: "climbing" });
    assert.ok(Math.abs(at - Date.now()) < 60_000);
    await alice.until("presence", ({ online }) => online.has(bobId) && online.has(aliceId));
  });

  test("groups are founded, amended part by part, left and closed; what fails is one sentence", async () => {
    alice.fresh();
    const create = (title: string, members: string[]): Effect => ({
      kind: "createGroup",
      title,
      members,
      history: false,
      expireSeconds: 0,
    });
    await alice.perform(create(" ", []));
    await alice.perform(create("x", ["nobody"]));
    assert.deepEqual(alice.failures(), ["A group needs a name.", "There is no user nobody."]);
    assert.ok(alice.all("failed").every(({ of }) => of === "group"));
    await alice.perform(create("hers", ["bob", "alice"]));
    const { group: hers } = alice.last("groupDone");
    await alice.perform({ kind: "show", group: hers, before: group });
    await alice.perform({ kind: "amendGroup", group: hers, title: "ours", promote: ["bob"] });
    assert.equal(alice.all("groupDone").length, 2);
    const { facts } = await alice.until("facts", ({ facts: of }) => of.title === "ours" && of.changes.length === 3);
    assert.ok(facts.members.every(({ admin }) => admin));
    await alice.perform({ kind: "amendGroup", group: hers, title: "theirs", add: ["nobody"] });
    assert.equal(alice.last("failed").text, "There is no user nobody. Before that it was done: renamed.");
    await alice.perform({ kind: "amendGroup", group, title: "mine" });
    assert.equal(alice.last("failed").text, "Only an admin of the group can do this.");
    const renamed = await bob.client.changeGroup(hers, { action: "rename", title: "bob's" });
    assert.ok(renamed.ok);
    await alice.until("news", ({ text }) => text === "bob now calls the group bob's.");
    await alice.perform({ kind: "leaveGroup", group: hers });
    await alice.until("left", (event) => event.group === hers);
    await alice.until("groups", ({ groups }) => groups.some((row) => row.group === hers && row.left));
    await alice.perform({ kind: "leaveGroup", group: hers });
    assert.equal(alice.last("failed").text, "You are no member of this group.");
    await alice.perform(create("short", ["bob"]));
    const { group: short } = alice.last("groupDone");
    await alice.perform({ kind: "deleteGroup", group: short });
    assert.match(alice.last("news").text, /closed/);
    await until(() => !bob.joined.has(short), "bob is out");
    await alice.perform({ kind: "show", group, before: hers });
  });

  test("typing is seen on both sides, unless the user has switched that off", async () => {
    alice.fresh();
    bob.client.watchGroup(group);
    bob.client.typing(group);
    assert.deepEqual(await alice.until("typing"), { kind: "typing", group, user: bobId });
    bobSaw.length = 0;
    await alice.perform({ kind: "saveSettings", settings: { ...defaultSettings, typing: false } });
    await alice.perform({ kind: "typing", group });
    await alice.perform({ kind: "saveSettings", settings: defaultSettings });
    await alice.perform({ kind: "typing", group });
    await until(() => bobSaw.length > 0, "bob sees it");
    assert.deepEqual(bobSaw, [aliceId]);
  });

  test("safety numbers are shown, and people verified", async () => {
    alice.fresh();
    const user = bobId;
    await alice.perform({ kind: "readSafetyNumber", user });
    const { number } = alice.last("safetyNumber");
    assert.equal(number.digits.length, 12);
    assert.ok(number.digits.every((block) => /^\d{5}$/.test(block)) && number.qr.length > 10);
    assert.deepEqual([number.name, number.trusted, number.changedDigits], ["bob", "pinned", undefined]);
    await alice.perform({ kind: "acceptIdentity", user });
    assert.equal(alice.last("failed").text, "bob has the identity that you know.");
    await alice.perform({ kind: "verify", user });
    assert.equal(alice.last("safetyNumber").number.trusted, "verified");
    await alice.until("people", ({ people }) => people.some((row) => row.user === user && row.trusted === "verified"));
    for (const stranger of [aliceId, userId(999)]) await alice.perform({ kind: "readSafetyNumber", user: stranger });
    assert.deepEqual(alice.failures().slice(-2), [
      "This is you.",
      "You have not met them yet: nothing of theirs has come.",
    ]);
  });

  test("a changed identity is an event at once, is shown with both numbers, and is accepted when the user says so", async () => {
    const events: Event[] = [];
    const emit = (event: Event) => void events.push(event);
    const feed = new AccountFeed(systemClock, emit);
    const address = { profile: "erin", server: deployment.target, trust: {}, user: "erin" };
    const account = await signUpHere(address, "p", machine(), feed.events);
    feed.start(account, "p");
    const opened = { account, feed, clock: systemClock, emit, settings: defaultSettings };
    const frank = userId(77);
    const met = (of: IdentityKeyPairs) => account.client.trust.meet(frank, createIdentity("frank", of).public);
    met(await keyPair(0));
    met(await keyPair(1));
    assert.deepEqual(events, [{ kind: "identityChanged", user: frank, name: "frank" }]);
    verify(opened, frank);
    assert.match(eventOf("failed", events.at(-1)).text, /accept the new one first/);
    readSafetyNumber(opened, frank);
    const { number } = eventOf("safetyNumber", events.at(-1));
    assert.deepEqual([number.trusted, number.changedDigits?.length], ["changed", 12]);
    acceptIdentity(opened, frank);
    const { number: accepted } = eventOf("safetyNumber", events.at(-1));
    assert.deepEqual([accepted.trusted, accepted.digits], ["pinned", number.changedDigits]);
    const trusts = () => events.flatMap((event) => (event.kind === "people" ? event.people : []));
    await until(
      () => trusts().some(({ user, trusted }) => user === frank && trusted === "pinned"),
      "the people are emitted",
    );
    feed.close();
    await account.close();
  });
});
