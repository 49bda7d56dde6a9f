import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { homedir, tmpdir } from "node:os";
import path from "node:path";
import { after, before, suite, test } from "node:test";
import { type LocalAccountParts, openLeanSocket, Profiles, signUpHere } from "../../core/client/index.ts";
import { createIdentity, type IdentityKeyPairs } from "../../core/e2ee/identity.ts";
import * as opaque from "../../core/e2ee/opaque-client.ts";
import { inlineRsa } from "../../core/e2ee/rsa-inline.ts";
import { systemClock } from "../../core/platform/clock.ts";
import { seededRandom } from "../../core/platform/random.ts";
import { deploy, type TestDeployment } from "../../core/testing/deployment.ts";
import { keyPair } from "../../core/testing/key-pairs.ts";
import { type Person, person } from "../../core/testing/person.ts";
import { until } from "../../core/testing/until.ts";
import type { GroupId, UserId } from "../../core/wire/ids.ts";
import type { Effect } from "../model/effect.ts";
import type { Event } from "../model/event.ts";
import { defaultSettings } from "../model/settings.ts";
import { AccountFeed } from "./account-feed.ts";
import { EffectRunner } from "./effect-runner.ts";
import { downloadsDirectory, typedPath } from "./paths.ts";
import { acceptIdentity, readSafetyNumber, verify } from "./trust.ts";

const keys = await keyPair(0);
const crypto = { ...opaque, ...inlineRsa, generateKeys: async () => keys };
const scratch = mkdtempSync(path.join(tmpdir(), "effects-test-"));
const runners: EffectRunner[] = [];
after(async () => {
  await Promise.all(runners.map((runner) => runner.close()));
  rmSync(scratch, { recursive: true, force: true });
});
let machines = 0;

/** A machine with a home of its own. */
function machine(): LocalAccountParts {
  const profiles = new Profiles(path.join(scratch, `machine${machines++}`));
  const random = seededRandom(machines);
  return { profiles, crypto, open: openLeanSocket, clock: systemClock, random, effort: "simulated" };
}

type Kind = Event["kind"];
type Of<K extends Kind> = Extract<Event, { kind: K }>;

/** Somebody at this machine, and what the effects tell them. */
class Seat {
  readonly events: Event[] = [];
  readonly terminal: string[] = [];
  readonly viewed: string[] = [];
  readonly parts: LocalAccountParts;
  readonly runner: EffectRunner;

  constructor(parts = machine()) {
    this.parts = parts;
    const note = (what: string) => void this.terminal.push(what);
    this.runner = new EffectRunner({
      machine: parts,
      emit: (event) => void this.events.push(event),
      terminal: {
        edit: async (text) => `${text}, edited`,
        notify: (title, text) => note(`${title}: ${text}`),
        redraw: () => note("redraw"),
        suspend: () => note("suspend"),
        quit: () => note("quit"),
      },
      viewer: { open: async (what) => void this.viewed.push(what) },
      pictures: {
        draw: async (picture, columns, rows) =>
          picture.length > 100
            ? { kind: "lines", columns, lines: [`${picture.length} bytes`, `${columns}x${rows}`] }
            : { kind: "none", why: "it is no picture" },
      },
    });
    runners.push(this.runner);
  }

  perform(effect: Effect): Promise<void> {
    return this.runner.perform(effect);
  }

  all<K extends Kind>(kind: K): Of<K>[] {
    return this.events.filter((event): event is Of<K> => event.kind === kind);
  }

  last<K extends Kind>(kind: K): Of<K> {
    return this.all(kind).at(-1) ?? assert.fail(`no ${kind} event`);
  }

  /** Waits for an event, also one that has come before. */
  async until<K extends Kind>(kind: K, is: (event: Of<K>) => boolean = () => true): Promise<Of<K>> {
    await until(() => this.all(kind).some(is), `there is a ${kind} event`);
    return this.all(kind).findLast(is) as Of<K>;
  }

  /** Forgets what came so far. */
  fresh(): this {
    this.events.length = 0;
    return this;
  }

  failures(): string[] {
    return this.all("failed").map(({ text }) => text);
  }
}

const isSentence = (text: string) => /^\P{Ll}.*[.!?]$/u.test(text) && !text.includes("\n");

suite("effects", () => {
  let deployment: TestDeployment;
  let alice: Seat;
  let bob: Person;
  let group: GroupId;
  let aliceId: UserId;
  /** Who bob saw writing. */
  const bobSaw: UserId[] = [];
  const password = "alice's password";
  const file = (name: string, content: string | Buffer) => {
    const place = path.join(scratch, name);
    writeFileSync(place, content);
    return place;
  };

  before(async () => {
    deployment = await deploy();
    bob = await person(deployment.target, "bob", { events: { typing: (_, user) => void bobSaw.push(user) } });
    alice = new Seat();
  });
  after(async () => {
    await alice.runner.close();
    await deployment.stop();
  });

  test("what is wrong with signing in is told in one sentence, with a way on", async () => {
    const { target } = deployment;
    for (const [effect, text, advice] of [
      [{ kind: "open", profile: "nobody", password }, /no profile nobody/, /Log in/],
      [{ kind: "join", server: target, user: "bob", password: "wrong" }, /no user bob with this password/, /password/],
      [{ kind: "join", server: target, user: "a b", password }, /"a b" is no user name/, /letters/],
      [{ kind: "signUp", server: target, user: "bob", password }, /bob is taken/, /another name/],
      [{ kind: "signUp", server: "127.0.0.1:1", user: "alice", password }, /127\.0\.0\.1:1/, /address/],
      [{ kind: "signUp", server: "a:b:c", user: "alice", password }, /is no address/, /host:port/],
      [{ kind: "join", server: `${target} 00ff`, user: "bob", password }, /no certificate/, /https:/],
      [{ kind: "join", server: `https://${target}`, user: "bob", password }, /127\.0\.0\.1/, /TLS/],
    ] as const) {
      const seat = new Seat();
      await seat.perform(effect);
      const failed = seat.last("signInFailed");
      assert.match(failed.text, text);
      assert.match(failed.advice, advice);
      assert.ok(
        isSentence(failed.text.replace(/^bob/, "Bob")) && isSentence(failed.advice),
        failed.text + failed.advice,
      );
      assert.deepEqual(seat.all("opened"), []);
      assert.deepEqual(seat.runner.profiles(), []);
    }
  });

  test("a certificate that nobody vouches for is trusted by its fingerprint behind the address, and by no other", async () => {
    const secure = await deploy({ tls: "dev" });
    const pin = (secure.authorityFingerprint ?? assert.fail()).replaceAll(":", "");
    const signUp = (server: string, user: string): Effect => ({ kind: "signUp", server, user, password });
    const address = `https://${secure.target}`;
    const seat = new Seat();
    await seat.perform(signUp(address, "carol"));
    assert.ok(seat.last("signInFailed").text.includes(pin));
    assert.match(seat.last("signInFailed").advice, /behind the address/);
    await seat.perform(signUp(`${address} ${"0".repeat(64)}`, "carol"));
    assert.match(seat.last("signInFailed").text, /no certificate with the pinned fingerprint/);
    await seat.perform(signUp(`${address} ${pin}`, "carol"));
    assert.equal(seat.last("opened").self.server, address);
    await seat.until("connection", ({ connection }) => connection.state === "online");
    await seat.runner.close();
    await secure.stop();
  });

  test("signing up tells what is done meanwhile, then opens the account and goes online", async () => {
    await alice.perform({ kind: "signUp", server: deployment.target, user: "Alice", password });
    assert.deepEqual(
      alice.all("doing").map(({ doing }) => doing),
      ["looking at the server's certificate", "making your keys", "signing up"],
    );
    const opened = alice.last("opened");
    aliceId = opened.self.user;
    assert.deepEqual(opened, {
      kind: "opened",
      self: { user: aliceId, name: "alice", profile: "Alice", server: deployment.target },
      groups: [],
      people: [{ user: aliceId, name: "alice", trusted: "pinned" }],
      settings: defaultSettings,
    });
    const states = () => alice.all("connection").flatMap(({ connection }) => connection.state ?? []);
    await until(() => states().length === 2, "she is online");
    assert.deepEqual(states(), ["connecting", "online"]);
    const told = await alice.until("connection", ({ connection }) => connection.strategy !== undefined);
    assert.equal(told.connection.strategy, "round-robin");
    assert.match(told.connection.server ?? "", /^s0/);
    assert.ok((told.connection.roundTripMs ?? -1) >= 0);
    assert.deepEqual(alice.runner.profiles(), [{ name: "Alice", user: "alice", server: deployment.target }]);
    assert.deepEqual(alice.failures(), []);
  });

  test("a group that somebody else founds is told, with its facts once it is looked at", async () => {
    alice.fresh();
    const made = await bob.client.createGroup({ title: "climbing", members: ["alice"] });
    group = made.ok ? made.value.group : assert.fail();
    await alice.until("groups", ({ groups }) => groups.some(({ title }) => title === "climbing"));
    await alice.until("people", ({ people }) => people.some(({ name }) => name === "bob"));
    assert.equal((await alice.until("told")).text, "bob has founded climbing.");
    await alice.perform({ kind: "show", group, before: undefined });
    const { facts } = await alice.until("facts");
    const { changes, ...rest } = facts;
    assert.deepEqual(rest, {
      title: "climbing",
      members: [
        { user: bob.client.user, name: "bob", admin: true },
        { user: aliceId, name: "alice", admin: false },
      ],
      epoch: 1,
      suite: "rsa-fernet",
      expireSeconds: 0,
    });
    assert.equal(changes.length, 1);
    const [{ at, ...created } = assert.fail()] = changes;
    const subjects = [aliceId];
    assert.deepEqual(created, { seq: 1, by: bob.client.user, action: "create", subjects, title: "climbing" });
    assert.ok(Math.abs(at - Date.now()) < 60_000);
    await alice.until("presence", ({ online }) => online.has(bob.client.user as UserId) && online.has(aliceId));
  });

  test("a message is told as it is written, sent and placed, under one key", async () => {
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
    const page = async (where: Of<"page">["where"], from?: number) => {
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
    await page("around", 999_999);
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

  test("five hundred messages at once are told as messages, and seldom as a list of groups", async () => {
    alice.fresh();
    const from = performance.now();
    for (let i = 1; i <= 500; i++) void bob.say(group, `flood ${i}`);
    await alice.until(
      "message",
      ({ message: { content } }) => content?.kind === "text" && content.text === "flood 500",
    );
    const seconds = (performance.now() - from) / 1000;
    const told = alice.all("message").map(({ message }) => message.key);
    assert.ok(new Set(told).size === 500 && told.length === 500, `${told.length} events`);
    assert.ok(alice.all("groups").length <= seconds * 10 + 2, `${alice.all("groups").length} in ${seconds} s`);
  });

  test("another machine logs in, begins with the last messages, and fetches those before as a page, not as news", async () => {
    const other = new Seat();
    await other.perform({ kind: "join", server: deployment.target, user: "alice", password });
    assert.deepEqual(other.last("opened").groups, []);
    const said = (text: string) => (event: Of<"message">) =>
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

  test("what failed can be sent again or deleted, and nothing else", async () => {
    alice.fresh();
    await alice.perform({ kind: "send", group, text: "x".repeat(70_000) });
    const { message } = await alice.until("message", ({ message: of }) => of.state === "failed");
    assert.equal(message.why, "payload_too_large");
    await alice.perform({ kind: "retry", group, key: message.key });
    await until(
      () => alice.all("message").filter(({ message: of }) => of.state === "failed").length === 2,
      "failed again",
    );
    await alice.perform({ kind: "discard", group, key: message.key });
    assert.deepEqual(await alice.until("discarded"), { kind: "discarded", group, key: message.key });
    await alice.perform({ kind: "discard", group, key: message.key });
    await alice.perform({ kind: "load", group, where: "newest" });
    await alice.perform({ kind: "retry", group, key: alice.last("page").messages.at(-1)?.key ?? 0 });
    assert.deepEqual(alice.failures(), Array(2).fill("There is no such message of yours any more."));
  });

  test("groups are founded, amended part by part, left and closed; what cannot be is a sentence", async () => {
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
    await alice.until("told", ({ text }) => text === "bob now calls the group bob's.");
    await alice.perform({ kind: "leaveGroup", group: hers });
    await alice.until("left", (event) => event.group === hers);
    await alice.until("groups", ({ groups }) => groups.some((row) => row.group === hers && row.left));
    await alice.perform({ kind: "leaveGroup", group: hers });
    assert.equal(alice.last("failed").text, "You are no member of this group.");
    await alice.perform(create("short", ["bob"]));
    const { group: short } = alice.last("groupDone");
    await alice.perform({ kind: "deleteGroup", group: short });
    assert.match(alice.last("told").text, /closed/);
    await until(() => !bob.joined.has(short), "bob is out");
    await alice.perform({ kind: "show", group, before: hers });
  });

  test("who writes is told, and others are told of what is written here, unless that is not wanted", async () => {
    alice.fresh();
    bob.client.watchGroup(group);
    bob.client.typing(group);
    assert.deepEqual(await alice.until("typing"), { kind: "typing", group, user: bob.client.user });
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
    const user = bob.client.user as UserId;
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
    for (const stranger of [aliceId, 999 as UserId]) await alice.perform({ kind: "readSafetyNumber", user: stranger });
    assert.deepEqual(alice.failures().slice(-2), [
      "This is you.",
      "You have not met them yet: nothing of theirs has come.",
    ]);
  });

  test("a file goes to the group with its progress, and is saved under a safe name, never over another without asking", async () => {
    alice.fresh();
    const content = Buffer.alloc(300_000, 7);
    await alice.perform({ kind: "sendFile", group, file: file("a-file.bin", content), keepMetadata: false });
    const rows = alice.all("transfer").map(({ transfer }) => transfer);
    assert.deepEqual([rows[0]?.way, rows[0]?.name, rows[0]?.done], ["up", "a-file.bin", 0]);
    assert.deepEqual([rows.at(-1)?.done, rows.at(-1)?.of], [300_000, 300_000]);
    assert.equal(alice.last("transferDone").text, "a-file.bin was sent.");
    const { message } = await alice.until(
      "message",
      ({ message: of }) => of.content?.kind === "file" && of.seq !== undefined,
    );
    const target = path.join(scratch, "saved.bin");
    const save = (to: string | undefined, replace = false): Effect => ({
      kind: "saveFile",
      group,
      key: message.key,
      to,
      replace,
    });
    await alice.perform(save(target));
    assert.ok(readFileSync(target).equals(content));
    writeFileSync(target, "mine");
    await alice.perform(save(target));
    assert.deepEqual(alice.last("fileExists"), { kind: "fileExists", group, key: message.key, file: target });
    assert.equal(readFileSync(target, "utf8"), "mine");
    await alice.perform(save(target, true));
    assert.ok(readFileSync(target).equals(content));
    mkdirSync(path.join(scratch, "into"));
    await alice.perform(save(path.join(scratch, "into")));
    assert.ok(existsSync(path.join(scratch, "into", "a-file.bin")));
    await alice.perform(save("/proc/nowhere/x"));
    assert.equal(alice.last("failed").text, "There is no directory /proc/nowhere.");
    await alice.perform({ kind: "sendFile", group, file: scratch, keepMetadata: false });
    assert.match(alice.last("failed").text, /is no file\.$/);
    assert.match(alice.last("transfer").transfer.stopped ?? "", /\.$/);
    await alice.perform({ kind: "cancelTransfer", id: alice.last("transfer").transfer.id });
    assert.match(alice.last("transferDone").text, / was cancelled\.$/);
    await alice.perform({ kind: "saveFile", group, key: 1, to: undefined, replace: false });
    assert.equal(alice.last("failed").text, "There is no file in this message.");
    await alice.perform({ kind: "sendFile", group, file: path.join(scratch, "nowhere"), keepMetadata: false });
    assert.match(alice.last("failed").text, /^nowhere: .*\.$/);
  });

  test("a picture is drawn; what can run is not opened, and what is opened lies where nobody else looks", async () => {
    alice.fresh();
    await alice.perform({ kind: "sendFile", group, file: file("notes.txt", "n".repeat(200)), keepMetadata: false });
    await alice.perform({ kind: "sendFile", group, file: file("run.desktop", "r"), keepMetadata: false });
    const sent = await Promise.all(
      ["notes.txt", "run.desktop"].map((name) =>
        alice.until("message", ({ message: of }) => of.content?.kind === "file" && of.content.name === name),
      ),
    );
    const [notes = 0, run = 0] = sent.map(({ message }) => message.key);
    await alice.perform({ kind: "previewMessage", group, key: notes, columns: 40 });
    assert.deepEqual(
      alice.all("preview").map(({ preview }) => preview),
      [{ kind: "loading" }, { kind: "lines", columns: 40, lines: ["200 bytes", "40x20"] }],
    );
    await alice.perform({ kind: "previewMessage", group, key: run, columns: 40 });
    assert.deepEqual(alice.last("preview").preview, { kind: "none", why: "it is no picture" });
    await alice.perform({ kind: "openFile", group, key: run });
    assert.match(alice.last("failed").text, /may be a program/);
    await alice.perform({ kind: "openFile", group, key: notes });
    const [opened = assert.fail()] = alice.viewed;
    assert.equal(path.basename(opened), "notes.txt");
    assert.equal(statSync(path.dirname(opened)).mode & 0o077, 0);
    await alice.perform({ kind: "send", group, text: "look (https://example.org/a?b=1&c=2)." });
    const { message } = await alice.until(
      "message",
      ({ message: of }) => of.content?.kind === "text" && of.content.text.startsWith("look"),
    );
    await alice.perform({ kind: "openFile", group, key: message.key });
    assert.equal(alice.viewed[1], "https://example.org/a?b=1&c=2");
    const whole = path.join(scratch, "notes.txt");
    await alice.perform({ kind: "previewFile", file: whole, columns: 10, rows: 5 });
    assert.deepEqual(alice.last("filePreview"), {
      kind: "filePreview",
      file: whole,
      lines: ["200 bytes", "10x5"],
      why: "",
    });
    await alice.perform({ kind: "previewFile", file: scratch, columns: 10, rows: 5 });
    assert.notEqual(alice.last("filePreview").why, "");
  });

  test("a directory is listed with directories first and what is hidden last; one that is none says so", async () => {
    const place = path.join(scratch, "listed");
    for (const directory of ["z", ".git", "b"]) mkdirSync(path.join(place, directory), { recursive: true });
    for (const name of ["file10", "file9", ".env"]) writeFileSync(path.join(place, name), name);
    symlinkSync(path.join(place, "z"), path.join(place, "link"));
    symlinkSync("nowhere", path.join(place, "broken"));
    await alice.perform({ kind: "listDirectory", directory: `${place}/z/..` });
    const listed = alice.last("directory");
    assert.equal(listed.directory, place);
    assert.deepEqual(
      listed.entries.map(({ name, kind, bytes }) => [name, kind, bytes]),
      [
        ["b", "directory", 0],
        ["link", "directory", 0],
        ["z", "directory", 0],
        ["file9", "file", 5],
        ["file10", "file", 6],
        [".git", "directory", 0],
        [".env", "file", 4],
      ],
    );
    for (const directory of [`${place}/nowhere`, `${place}/file9`, "\0"]) {
      await alice.perform({ kind: "listDirectory", directory });
      assert.ok(isSentence(alice.last("directory").problem ?? ""), alice.last("directory").problem);
    }
    assert.equal(typedPath("~/x"), path.join(homedir(), "x"));
  });

  test("what the terminal is to do, it is told", async () => {
    alice.fresh();
    await alice.perform({ kind: "edit", text: "draft" });
    assert.deepEqual(alice.last("edited"), { kind: "edited", text: "draft, edited" });
    await alice.perform({ kind: "notify", title: "bob in climbing", text: "hi" });
    await alice.perform({ kind: "redraw" });
    await alice.perform({ kind: "suspend" });
    assert.deepEqual(alice.terminal, ["bob in climbing: hi", "redraw", "suspend"]);
  });

  test("without a server the account opens, what is written waits, and drafts, settings and unsent files are there again", async () => {
    await alice.perform({ kind: "saveDraft", group, text: "half a sen" });
    await alice.perform({ kind: "saveSettings", settings: { ...defaultSettings, theme: "light", receipts: false } });
    const big = file("big.bin", Buffer.alloc(8_000_000, 1));
    const sending = alice.perform({ kind: "sendFile", group, file: big, keepMetadata: false });
    await alice.until("transfer", ({ transfer }) => transfer.name === "big.bin" && transfer.done > 0);
    await alice.perform({ kind: "quit" });
    await sending;
    assert.equal(alice.terminal.at(-1), "quit");
    const { port } = deployment.cluster;
    await deployment.cluster.stop();

    const again = new Seat(alice.parts);
    await again.perform({ kind: "open", profile: "Alice", password: "wrong" });
    assert.match(again.last("signInFailed").text, /^Not the password/);
    await again.perform({ kind: "open", profile: "Alice", password });
    const opened = again.last("opened");
    assert.equal(opened.groups.find((row) => row.group === group)?.draft, "half a sen");
    assert.deepEqual(opened.settings, { ...defaultSettings, theme: "light", receipts: false });
    const { transfer } = again.last("transfer");
    assert.deepEqual([transfer.name, transfer.way, isSentence(transfer.stopped ?? "")], ["big.bin", "up", true]);
    const offline = await again.until("connection", ({ connection }) => connection.state === "offline");
    assert.match(offline.connection.why ?? "", /does not answer/);
    await again.perform({ kind: "show", group, before: undefined });
    assert.equal(again.last("facts").facts.title, "climbing");
    await again.perform({ kind: "send", group, text: "written offline" });
    await again.until("message", ({ message }) => message.state === "written");
    await again.until("connection", ({ connection }) => connection.waiting === 1);
    await again.perform({ kind: "fetchOlder", group });
    await again.perform({ kind: "createGroup", title: "x", members: ["bob"], history: false, expireSeconds: 0 });
    assert.match(again.last("failed").text, /There is no connection|users could not be looked up/i);
    const second = new Seat(alice.parts);
    await second.perform({ kind: "open", profile: "Alice", password });
    assert.match(second.last("signInFailed").text, /open in another client/);

    const secretFile = path.join(deployment.directory, "secret.json");
    const back = await deploy({ database: deployment.databaseUrl, port, secretFile });
    await again.until("message", ({ message }) => message.state === "sent" && message.seq !== undefined);
    await again.until("connection", ({ connection }) => connection.waiting === 0);
    await again.perform({ kind: "resumeTransfer", id: transfer.id });
    assert.equal(again.last("transferDone").text, "big.bin was sent.");
    await again.runner.close();
    const count = again.events.length;
    await again.perform({ kind: "send", group, text: "too late" });
    assert.equal(again.events.length, count);
    await back.stop();
  });
});

test("an identity that has changed is told at once, shown with both numbers, and taken when the user says so", async () => {
  const deployment = await deploy();
  const events: Event[] = [];
  const emit = (event: Event) => void events.push(event);
  const feed = new AccountFeed(systemClock, emit);
  const address = { profile: "erin", server: deployment.target, trust: {}, user: "erin" };
  const account = await signUpHere(address, "p", machine(), feed.events);
  feed.start(account, "p");
  const opened = { account, feed, clock: systemClock, emit, settings: defaultSettings };
  const frank = 77 as UserId;
  const met = (of: IdentityKeyPairs) => account.client.trust.meet(frank, createIdentity("frank", of).public);
  met(keys);
  met(await keyPair(1));
  assert.deepEqual(events, [{ kind: "identityChanged", user: frank, name: "frank" }]);
  verify(opened, frank);
  assert.match((events.at(-1) as Of<"failed">).text, /accept the new one first/);
  readSafetyNumber(opened, frank);
  const { number } = events.at(-1) as Of<"safetyNumber">;
  assert.deepEqual([number.trusted, number.changedDigits?.length], ["changed", 12]);
  acceptIdentity(opened, frank);
  const { number: accepted } = events.at(-1) as Of<"safetyNumber">;
  assert.deepEqual([accepted.trusted, accepted.digits], ["pinned", number.changedDigits]);
  const trusts = () => events.flatMap((event) => (event.kind === "people" ? event.people : []));
  await until(() => trusts().some(({ user, trusted }) => user === frank && trusted === "pinned"), "people are told");
  feed.close();
  await account.close();
  await deployment.stop();
});

test("a message that expires is gone from the screen, too", async () => {
  const deployment = await deploy();
  const events: Event[] = [];
  const emit = (event: Event) => void events.push(event);
  const feed = new AccountFeed(systemClock, emit);
  const address = { profile: "gina", server: deployment.target, trust: {}, user: "gina" };
  const account = await signUpHere(address, "p", machine(), feed.events);
  feed.start(account, "p");
  await account.connect("p");
  const made = await account.client.createGroup({ title: "brief", members: [], expireSeconds: 1 });
  const group = made.ok ? made.value.group : assert.fail(made.reason.detail);
  account.client.send(group, { kind: "text", text: "soon gone" }, () => {});
  const rows = () => events.flatMap((event) => (event.kind === "message" ? event.message : []));
  await until(() => rows().some(({ seq }) => seq !== undefined), "it is there");
  const gone = () => events.some((event) => event.kind === "discarded" && event.key === rows()[0]?.key);
  await until(async () => {
    await account.client.forgetExpired();
    return gone();
  }, "it is gone");
  feed.close();
  await account.close();
  await deployment.stop();
});

test("settings that cannot be read are those by default, which is said", async () => {
  const deployment = await deploy();
  const first = new Seat();
  await first.perform({ kind: "signUp", server: deployment.target, user: "dora", password: "p" });
  await first.runner.close();
  const directory = path.dirname(first.parts.profiles.vaultFile("dora"));
  for (const [text, complaint] of [
    ["{", /settings are as at first/],
    ['{"theme":"pink"}', /theme/],
  ] as const) {
    writeFileSync(path.join(directory, "settings.json"), text);
    const seat = new Seat(first.parts);
    await seat.perform({ kind: "open", profile: "dora", password: "p" });
    assert.deepEqual(seat.last("opened").settings, defaultSettings);
    assert.match(seat.last("failed").text, complaint);
    assert.ok(isSentence(seat.last("failed").text));
    await seat.runner.close();
  }
  await deployment.stop();
});

test("downloads go where the desktop says, else to Downloads, else home", () => {
  const home = path.join(scratch, "someone");
  mkdirSync(path.join(home, ".config"), { recursive: true });
  assert.equal(downloadsDirectory({}, home), home);
  mkdirSync(path.join(home, "Downloads"));
  assert.equal(downloadsDirectory({}, home), path.join(home, "Downloads"));
  mkdirSync(path.join(home, "Geladen"));
  writeFileSync(path.join(home, ".config", "user-dirs.dirs"), '# x\nXDG_DOWNLOAD_DIR="$HOME/Geladen"\n');
  assert.equal(downloadsDirectory({}, home), path.join(home, "Geladen"));
  mkdirSync(path.join(home, "named"));
  assert.equal(downloadsDirectory({ XDG_DOWNLOAD_DIR: path.join(home, "named") }, home), path.join(home, "named"));
  assert.equal(downloadsDirectory({ XDG_DOWNLOAD_DIR: "/nowhere/at/all" }, home), path.join(home, "Downloads"));
});
