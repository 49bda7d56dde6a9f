import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { type RowKey, signUpHere } from "../../core/client/index.ts";
import { systemClock } from "../../core/platform/clock.ts";
import { deploy, type TestDeployment } from "../../core/testing/deployment.ts";
import { type Person, person } from "../../core/testing/person.ts";
import { present } from "../../core/testing/present.ts";
import { until } from "../../core/testing/until.ts";
import type { GroupId, UserId } from "../../core/wire/ids.ts";
import type { Event } from "../model/event.ts";
import { climbing, type EventOf, machine, Seat } from "../testing/seat.ts";
import { idOf } from "../testing/session.ts";
import { AccountFeed } from "./account-feed.ts";

suite("messages", () => {
  let deployment: TestDeployment;
  let alice: Seat;
  let aliceId: UserId;
  let bob: Person;
  let group: GroupId;
  const password = "alice's password";

  before(async () => {
    deployment = await deploy();
    bob = await person(deployment.target, "bob");
    alice = new Seat();
    await alice.perform({ kind: "signUp", server: deployment.target, user: "alice", password });
    aliceId = alice.last("accountOpened").self.user;
    group = await climbing(alice, bob);
  });
  after(async () => {
    await alice.runner.close();
    await deployment.stop();
  });

  test("a message is an event when it is written and when it gets its seq, under one key", async () => {
    alice.fresh();
    await alice.perform({ kind: "send", group, text: "hello" });
    const placed = await alice.until("message", ({ message }) => message.seq !== undefined);
    assert.deepEqual(new Set(alice.all("message").map(({ message }) => message.key)).size, 1);
    assert.equal(placed.message.state, "sent");
    assert.deepEqual(placed.message.content, { kind: "text", text: "hello" });
    await until(() => bob.texts(group).includes("hello"), "bob has it");
    await bob.say(group, "hi @alice");
    await alice.until("message", ({ message }) => message.sender === bob.client.user);
    const { groups } = await alice.until("groups", ({ groups: rows }) => rows[0]?.unread === 1);
    assert.deepEqual([groups[0]?.mentions, groups[0]?.readSeq], [1, 0]);
    const { message } = alice.last("message");
    await alice.perform({ kind: "markRead", group, seq: message.seq ?? assert.fail() });
    await alice.until("groups", ({ groups: rows }) => rows[0]?.unread === 0);
    await alice.until("readUpTo", ({ readUpTo }) => readUpTo.get(aliceId) === message.seq);
  });

  test("pages of the vault join without a hole, whichever way they are asked for", async () => {
    for (let i = 1; i <= 250; i++) void bob.say(group, `number ${i}`);
    await alice.until(
      "message",
      ({ message: { content } }) => content?.kind === "text" && content.text === "number 250",
    );
    const page = async (where: EventOf<"page">["where"], from?: RowKey) => {
      await alice.perform({ kind: "load", group, where, from });
      return alice.last("page");
    };
    const newest = await page("newest");
    assert.deepEqual([newest.messages.length, newest.moreOlder, newest.moreNewer], [100, true, false]);
    const older = await page("older", newest.messages[0]?.key);
    const oldest = await page("older", older.messages[0]?.key);
    assert.deepEqual([older.moreOlder, oldest.moreOlder], [true, false]);
    const all = [...oldest.messages, ...older.messages, ...newest.messages];
    assert.deepEqual(
      all.map(({ seq }) => seq),
      all.map((_, i) => i + 2),
    );
    const newer = await page("newer", older.messages.at(-1)?.key);
    assert.deepEqual(newer.messages, newest.messages);
    assert.equal(newer.moreNewer, false);
    const around = await page("around", older.messages[50]?.key);
    assert.ok(around.moreOlder && around.moreNewer && around.messages.length === 100);
    assert.equal(around.around, older.messages[50]?.key);
    await page("around", idOf.row(999_999));
    assert.equal(alice.last("failed").text, "This message is not there any more.");
    await alice.perform({ kind: "fetchOlder", group });
    assert.deepEqual(alice.last("fetched"), { kind: "fetched", group, count: 0, more: false });
    await alice.perform({ kind: "search", group: undefined, words: "number 77" });
    const { hits, words } = alice.last("hits");
    assert.deepEqual(
      [words, hits.map(({ message: { content } }) => content)],
      ["number 77", [{ kind: "text", text: "number 77" }]],
    );
  });

  test("five hundred messages at once are an event each, but few lists of groups", async () => {
    alice.fresh();
    const from = performance.now();
    for (let i = 1; i <= 500; i++) void bob.say(group, `flood ${i}`);
    await alice.until(
      "message",
      ({ message: { content } }) => content?.kind === "text" && content.text === "flood 500",
    );
    const seconds = (performance.now() - from) / 1000;
    const emitted = alice.all("message").map(({ message }) => message.key);
    assert.ok(new Set(emitted).size === 500 && emitted.length === 500, `${emitted.length} events`);
    assert.ok(alice.all("groups").length <= seconds * 10 + 2, `${alice.all("groups").length} in ${seconds} s`);
  });

  test("another machine logs in, begins with the last messages, and fetches older ones as a page, not as events", async () => {
    const other = new Seat();
    await other.perform({ kind: "logIn", server: deployment.target, user: "alice", password });
    assert.deepEqual(other.last("accountOpened").groups, []);
    const said = (text: string) => (event: EventOf<"message">) =>
      event.message.content?.kind === "text" && event.message.content.text === text;
    await other.until("message", said("flood 500"));
    await other.perform({ kind: "load", group, where: "newest" });
    other.fresh();
    await other.perform({ kind: "fetchOlder", group });
    assert.deepEqual(other.last("fetched"), { kind: "fetched", group, count: 100, more: true });
    await other.perform({ kind: "load", group, where: "newest" });
    await bob.say(group, "something new");
    await other.until("message", said("something new"));
    assert.equal(other.all("message").length, 1);
    await other.runner.close();
  });

  test("a text that is too long is refused, and nothing is kept of it", async () => {
    alice.fresh();
    await alice.perform({ kind: "send", group, text: "x".repeat(70_000) });
    assert.deepEqual(alice.failures(), ["A message has at most 63000 bytes; this one has 70000."]);
    assert.deepEqual(alice.all("message"), []);
  });

  test("a failed message can be sent again or deleted, and no other", async () => {
    await alice.perform({ kind: "leaveGroup", group });
    alice.fresh();
    await alice.perform({ kind: "send", group, text: "to a group that she has left" });
    const { message } = await alice.until("message", ({ message: of }) => of.state === "failed");
    assert.equal(message.why, "not_a_member");
    await alice.perform({ kind: "retry", group, key: message.key });
    await until(
      () => alice.all("message").filter(({ message: of }) => of.state === "failed").length === 2,
      "failed again",
    );
    await alice.perform({ kind: "discard", group, key: message.key });
    assert.deepEqual(await alice.until("discarded"), { kind: "discarded", group, key: message.key });
    await alice.perform({ kind: "discard", group, key: message.key });
    await alice.perform({ kind: "load", group, where: "newest" });
    await alice.perform({ kind: "retry", group, key: present(alice.last("page").messages.at(-1)).key });
    assert.deepEqual(alice.failures(), Array(2).fill("There is no such message of yours any more."));
  });

  test("a message that expires is gone from the screen, too", async () => {
    const events: Event[] = [];
    const emit = (event: Event) => void events.push(event);
    const feed = new AccountFeed(systemClock, emit);
    const address = { profile: "gina", server: deployment.target, trust: {}, user: "gina" };
    const account = await signUpHere(address, "p", machine(), feed.events);
    feed.start(account, "p");
    await account.connect("p");
    const made = await account.client.createGroup({ title: "brief", members: [], expireSeconds: 1 });
    const brief = made.ok ? made.value.group : assert.fail(made.reason.detail);
    account.client.send(brief, { kind: "text", text: "soon gone" }, () => {});
    const rows = () => events.flatMap((event) => (event.kind === "message" ? event.message : []));
    await until(() => rows().some(({ seq }) => seq !== undefined), "it is there");
    const gone = () => events.some((event) => event.kind === "discarded" && event.key === rows()[0]?.key);
    await until(async () => {
      await account.client.forgetExpired();
      return gone();
    }, "it is gone");
    feed.close();
    await account.close();
  });
});
