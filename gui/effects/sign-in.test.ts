import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, suite, test } from "node:test";
import { deploy, type TestDeployment } from "../../core/testing/deployment.ts";
import { type Person, person } from "../../core/testing/person.ts";
import { until } from "../../core/testing/until.ts";
import type { Effect } from "../model/effect.ts";
import { defaultSettings } from "../model/settings.ts";
import { isSentence } from "../testing/is-sentence.ts";
import { climbing, Seat, scratchFile } from "../testing/seat.ts";

suite("signing in", () => {
  let deployment: TestDeployment;
  let alice: Seat;
  let bob: Person;
  const password = "alice's password";

  before(async () => {
    deployment = await deploy();
    bob = await person(deployment.target, "bob");
    alice = new Seat();
  });
  after(async () => {
    await alice.runner.close();
    await deployment.stop();
  });

  test("each failure of signing in is one sentence, with advice", async () => {
    const { target } = deployment;
    for (const [effect, text, advice] of [
      [{ kind: "openAccount", profile: "nobody", password }, /no profile nobody/, /Log in/],
      [{ kind: "logIn", server: target, user: "bob", password: "wrong" }, /no user bob with this password/, /password/],
      [{ kind: "logIn", server: target, user: "a b", password }, /"a b" is no user name/, /letters/],
      [{ kind: "signUp", server: target, user: "bob", password }, /bob is taken/, /another name/],
      [{ kind: "signUp", server: "127.0.0.1:1", user: "alice", password }, /127\.0\.0\.1:1/, /address/],
      [{ kind: "signUp", server: "a:b:zz", user: "alice", password }, /is no address/, /host:port/],
      [{ kind: "logIn", server: `${target} 00ff`, user: "bob", password }, /no certificate/, /https:/],
      [{ kind: "logIn", server: `https://${target}`, user: "bob", password }, /127\.0\.0\.1/, /TLS/],
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
      assert.deepEqual(seat.all("accountOpened"), []);
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
    assert.equal(seat.last("accountOpened").self.server, address);
    await seat.until("connection", ({ connection }) => connection.state === "online");
    await seat.runner.close();
    await secure.stop();
  });

  test("signing up says what it does, then opens the account and goes online", async () => {
    await alice.perform({ kind: "signUp", server: deployment.target, user: "Alice", password });
    assert.deepEqual(
      alice.all("doing").map(({ doing }) => doing),
      ["looking at the server's certificate", "making your keys", "signing up"],
    );
    const opened = alice.last("accountOpened");
    assert.deepEqual(opened, {
      kind: "accountOpened",
      self: { user: opened.self.user, name: "alice", profile: "Alice", server: deployment.target },
      groups: [],
      people: [{ user: opened.self.user, name: "alice", trusted: "pinned" }],
      settings: defaultSettings,
    });
    const states = () => alice.all("connection").flatMap(({ connection }) => connection.state ?? []);
    await until(() => states().length === 2, "she is online");
    assert.deepEqual(states(), ["connecting", "online"]);
    const measured = await alice.until("connection", ({ connection }) => connection.strategy !== undefined);
    assert.equal(measured.connection.strategy, "round-robin");
    assert.match(measured.connection.server ?? "", /^s0/);
    assert.ok((measured.connection.roundTripMs ?? -1) >= 0);
    assert.deepEqual(alice.runner.profiles(), [{ name: "Alice", user: "alice", server: deployment.target }]);
    assert.deepEqual(alice.failures(), []);
  });

  test("settings that cannot be read are the defaults, with a failure that says so", async () => {
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
      await seat.perform({ kind: "openAccount", profile: "dora", password: "p" });
      assert.deepEqual(seat.last("accountOpened").settings, defaultSettings);
      assert.match(seat.last("failed").text, complaint);
      assert.ok(isSentence(seat.last("failed").text));
      await seat.runner.close();
    }
  });

  test("without a server the account opens with its drafts, settings and unfinished files, and messages wait", async () => {
    const group = await climbing(alice, bob);
    await alice.perform({ kind: "saveDraft", group, text: "half a sen" });
    await alice.perform({ kind: "saveSettings", settings: { ...defaultSettings, theme: "light", receipts: false } });
    const big = scratchFile("big.bin", Buffer.alloc(8_000_000, 1));
    const sending = alice.perform({ kind: "sendFile", group, file: big, keepMetadata: false });
    await alice.until("transfer", ({ transfer }) => transfer.name === "big.bin" && transfer.done > 0);
    await alice.perform({ kind: "quit" });
    await sending;
    assert.equal(alice.terminal.at(-1), "quit");
    const { port } = deployment.cluster;
    await deployment.cluster.stop();

    const again = new Seat(alice.parts);
    await again.perform({ kind: "openAccount", profile: "Alice", password: "wrong" });
    assert.match(again.last("signInFailed").text, /^Not the password/);
    await again.perform({ kind: "openAccount", profile: "Alice", password });
    const opened = again.last("accountOpened");
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
    await second.perform({ kind: "openAccount", profile: "Alice", password });
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
