import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, suite, test } from "node:test";
import { inlineCrypto, openAccount, ThisMachine } from "../core/client/index.ts";
import { endOf, startCommand } from "../core/testing/command-line.ts";
import { deploy, type TestDeployment } from "../core/testing/deployment.ts";
import { type Person, person } from "../core/testing/person.ts";
import { present } from "../core/testing/present.ts";
import { until } from "../core/testing/until.ts";
import { type GroupId, groupId } from "../core/wire/ids.ts";
import { endOfCommand } from "./testing/command-here.ts";

const scratch = mkdtempSync(path.join(tmpdir(), "chat-commands-test-"));
after(() => rmSync(scratch, { recursive: true, force: true }));

const start = (args: readonly string[]) => startCommand(args, { cwd: scratch });
/** In this process; what reads from standard input has one of its own. */
const run = (args: readonly string[], input?: string) =>
  input === undefined ? endOfCommand(args) : endOf(start(args), input);

const home = path.join(scratch, "home");
const passwordFile = path.join(scratch, "password");
writeFileSync(passwordFile, "alice's password\n");
const asAlice = ["--home", home, "--password-file", passwordFile];

suite("the account's chat by command", () => {
  let deployment: TestDeployment;
  let bob: Person;
  const groups = new Map<string, GroupId>();
  const titled = async (title: string) => {
    const made = await bob.client.createGroup({ title, members: ["alice"] });
    if (!made.ok) throw new Error(made.reason.detail);
    groups.set(title, made.value.group);
  };
  const climbing = () => present(groups.get("climbing"));

  before(async () => {
    deployment = await deploy();
    const signedUp = await run(["account", "sign-up", "--user", "alice", "--server", deployment.target, ...asAlice]);
    assert.equal(signedUp.code, 0, signedUp.err);
    bob = await person(deployment.target, "bob");
    for (const title of ["climbing", "clowns", "zoo\u202e[31m"]) await titled(title);
  });
  after(() => deployment.stop());

  test("groups lists those that this machine has not seen yet, too, with members and unread messages", async () => {
    await bob.say(climbing(), "hello @alice");
    const { code, out, err } = await run(["groups", ...asAlice]);
    assert.equal(code, 0, err);
    const lines = out.trimEnd().split("\n");
    assert.equal(lines.length, 3);
    assert.ok(lines.includes(`climbing\t${climbing()}\tbob, alice\t1 unread`), out);
    assert.ok(!out.includes("\u202e") && out.includes("zoo\ufffd[31m"));
    const json = await run(["groups", "--json", ...asAlice]);
    const line = present(json.out.split("\n").find((of) => of.includes("climbing")));
    const { lastAt, ...rest } = JSON.parse(line);
    assert.deepEqual(rest, { group: climbing(), title: "climbing", members: ["bob", "alice"], unread: 1, mentions: 1 });
    assert.ok(Math.abs(Date.parse(lastAt) - Date.now()) < 60_000);
  });

  test("send reaches the members, by a title's beginning, an id, and from standard input", async () => {
    const sent = await run(["send", "CLIM", "on my way", ...asAlice]);
    assert.deepEqual([sent.code, sent.err], [0, ""]);
    assert.match(sent.out, /^sent to climbing, message \d+\n$/);
    const piped = await run(["send", String(climbing()), "-", ...asAlice], "two\nlines\n");
    assert.equal(piped.code, 0, piped.err);
    await until(() => bob.texts(climbing()).includes("two\nlines"), "bob has it");
    assert.deepEqual(bob.texts(climbing()).slice(-2), ["on my way", "two\nlines"]);
  });

  test("send --file brings a file with what is said to it", async () => {
    const route = path.join(scratch, "route.txt");
    writeFileSync(route, "up the left side");
    const { code, err } = await run(["send", "climbing", "the route", "--file", route, ...asAlice]);
    assert.equal(code, 0, err);
    const content = () => bob.messages.at(-1)?.content;
    await until(() => content()?.kind === "file", "bob has it");
    const got = content();
    assert.ok(got?.kind === "file" && got.name === "route.txt" && got.size === 16 && got.text === "the route");
    const missing = await run(["send", "climbing", "--file", "nowhere.txt", ...asAlice]);
    assert.equal(missing.code, 1);
    assert.match(missing.err, /^file_unreadable: /);
  });

  test("a send that fails ends with its code, and names the groups that may be meant", async () => {
    for (const [args, code, complaint] of [
      [["send", "cl", "x"], 1, /^group_ambiguous: .*\bcl\w+ \(\d+\), cl\w+ \(\d+\)/],
      [["send", "nobody", "x"], 1, /^group_unknown: .*\n.*climbing/],
      [["send", "climbing", "x".repeat(16_385)], 1, /^payload_too_large: a message has at most 16384 characters/],
      [["send", "climbing"], 2, /write a text/],
      [["send", "climbing", ""], 1, /^nothing_to_send: /],
      [["send", "climbing", "x", "--profile", "carol"], 1, /^profile_unknown: /],
      [["tail", "climbing", "--lines", "-1"], 2, /whole number/],
      [["found", " ", "bob"], 1, /^title_invalid: /],
      [["found", "two\nlines", "bob"], 1, /^title_invalid: /],
      [["found", "x".repeat(201)], 1, /^title_too_long: /],
      [["found", "chess", "nobody-of-this-name"], 1, /^unknown_user: /],
      [["found", "chess", "--expire", "0"], 2, /whole number/],
    ] as const) {
      const ended = await run([...args, ...asAlice]);
      assert.equal(ended.code, code, ended.err);
      assert.match(ended.err, complaint);
      assert.equal(ended.out, "");
    }
  });

  test("a text that an earlier version has kept, and that is too long, fails with the next command that connects", async () => {
    await keepUnchecked(climbing(), "x".repeat(70_000));
    const { code, err } = await run(["groups", ...asAlice]);
    assert.deepEqual([code, err], [0, ""]);
  });

  test("found makes a group of the people that it names, with its settings", async () => {
    const made = await run(["found", "a second group", "bob", "alice", "--history", "--expire", "3600", ...asAlice]);
    assert.equal(made.code, 0, made.err);
    const [, id = ""] = /^founded a second group, group (\d+)\n$/.exec(made.out) ?? [];
    const group = groupId(Number(id));
    await until(() => bob.client.mailbox.groups.has(group), "bob is in it");
    const conversation = bob.client.conversation(group);
    const membership = await conversation.refresh();
    assert.ok(membership.ok && membership.value.members.size === 2);
    assert.equal(conversation.title, "a second group");
    const { history, expireSeconds } = membership.value.settings;
    assert.deepEqual([history, expireSeconds], [true, 3600]);
    const sent = await run(["send", id, "hello", ...asAlice]);
    assert.equal(sent.code, 0, sent.err);
  });

  test("tail shows the last lines, then what comes, a harmless line each, until Ctrl-C", async () => {
    const tail = start(["tail", "climbing", "--lines", "3", ...asAlice]);
    await until(() => tail.out().split("\n").length >= 4, "the last lines are there");
    await bob.say(climbing(), "one\nline \u001b[2J\u202e\u0007 only");
    await until(() => tail.out().includes("only"), "it is shown");
    const second = await run(["tail", "climbing", ...asAlice]);
    assert.equal(second.code, 1);
    assert.match(second.err, /^vault_in_use: /);
    tail.child.kill("SIGINT");
    assert.equal(await tail.ended, 0);
    assert.equal(tail.err(), "");
    const lines = tail.out().trimEnd().split("\n");
    assert.match(present(lines[0]), /^\d{4}-\d\d-\d\d \d\d:\d\d alice: two ⏎ lines$/);
    assert.match(present(lines[1]), / alice: \[route\.txt, 16 bytes\] the route$/);
    assert.match(present(lines[2]), / alice: x{70000} \(not sent: payload_too_large\)$/);
    assert.match(present(lines[3]), / bob: one ⏎ line \ufffd\[2J\ufffd\ufffd only$/);
    assert.equal(lines.length, 4);
  });

  test("tail --json gives every text back as it was, and ends when nobody reads it", async () => {
    const said = 'quote " and \u009b31m \u{e0041} 😀\n';
    const tail = start(["tail", "climbing", "--json", "--lines", "1", ...asAlice]);
    await until(() => tail.out().split("\n").length >= 2, "the last line is there");
    await bob.say(climbing(), said);
    await until(() => tail.out().split("\n").length >= 3, "it is shown");
    const line = present(tail.out().split("\n")[1]);
    assert.ok(!/[\p{Cc}\u{e0041}]/u.test(line), line);
    const { text, name, state } = JSON.parse(line);
    assert.deepEqual([text, name, state], [said, "bob", "received"]);
    tail.child.stdout.destroy();
    let hasEnded = false;
    void tail.ended.then(() => {
      hasEnded = true;
    });
    await until(async () => {
      await bob.say(climbing(), "to nobody");
      return hasEnded;
    }, "it has ended");
    assert.equal(await tail.ended, 0);
  });

  test("tail --lines 0 shows only what comes", async () => {
    assert.equal((await run(["groups", ...asAlice])).code, 0, "this machine has all there is");
    const tail = start(["tail", "climbing", "--lines", "0", ...asAlice]);
    await until(async () => {
      await bob.say(climbing(), "from now on");
      return tail.out() !== "";
    }, "something is shown");
    tail.child.kill("SIGINT");
    assert.equal(await tail.ended, 0);
    for (const line of tail.out().trimEnd().split("\n")) assert.match(line, / bob: from now on$/);
  });

  test("without a server send fails and keeps nothing, unless --queue is given; then it goes out later", async () => {
    const { port } = deployment.cluster;
    await deployment.cluster.stop();
    const failed = await run(["send", "climbing", "lost", ...asAlice]);
    assert.equal(failed.code, 1);
    assert.match(failed.err, /^server_unreachable: .*\n.*whether it runs; the text is not kept: .*--queue.*\n$/);
    const withFile = await run(["send", "climbing", "--file", passwordFile, ...asAlice]);
    assert.match(withFile.err, /^server_unreachable: .*\n.*whether it runs; nothing is kept: /);
    const queued = await run(["send", "climbing", "kept", "--queue", ...asAlice]);
    assert.equal(queued.code, 0, queued.err);
    assert.match(queued.out, /waits for climbing/);
    const offline = await run(["groups", ...asAlice]);
    assert.equal(offline.code, 0);
    assert.match(offline.err, /^offline: [^\n]*\n$/);
    assert.match(offline.out, /climbing/);
    const again = await deploy({
      database: deployment.databaseUrl,
      port,
      secretFile: path.join(deployment.directory, "secret.json"),
    });
    const flushed = await run(["groups", ...asAlice]);
    assert.equal(flushed.code, 0, flushed.err);
    await until(() => bob.texts(climbing()).includes("kept"), "bob has what was kept");
    const sent = await run(["send", "climbing", "after it", ...asAlice]);
    assert.equal(sent.code, 0, sent.err);
    await until(() => bob.texts(climbing()).includes("after it"), "bob has both");
    assert.deepEqual(bob.texts(climbing()).slice(-2), ["kept", "after it"]);
    assert.ok(!bob.texts(climbing()).includes("lost"));
    await again.stop();
  });
});

/** Has alice's vault keep a text whose length was not checked, as an earlier version did. */
async function keepUnchecked(group: GroupId, text: string): Promise<void> {
  const machine = new ThisMachine(home, { crypto: inlineCrypto, effort: "simulated" });
  const account = await openAccount("alice", "alice's password", { ...machine.parts, isVisit: true }, {});
  const id = account.client.mailbox.nextId();
  account.vault.written({ id, group, content: { kind: "text", text }, writtenAt: Date.now() });
  await account.close();
  await machine.close();
}
