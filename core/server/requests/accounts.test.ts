import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import * as opaque from "../../e2ee/opaque-client.ts";
import { deploy, type TestDeployment } from "../../testing/deployment.ts";
import { type Person, person } from "../../testing/person.ts";
import { RawClient } from "../../testing/raw-client.ts";
import { serverUrl } from "../../testing/server-url.ts";
import { until } from "../../testing/until.ts";
import { limits } from "../../wire/limits.ts";
import type { ColdServerFrame } from "../../wire/server-frame.ts";

suite("an account", () => {
  let deployment: TestDeployment;
  before(async () => {
    deployment = await deploy({ servers: 2 });
  });
  after(() => deployment.stop());

  /** Bytes as long as the shortest sealed backup; no server can read them. */
  const sealed = (text: string) => Buffer.from(text.padEnd(limits.backupBytesMin));
  let sockets = 0;
  /** Opens a connection, at one server after the other. */
  const open = () => RawClient.open(serverUrl(deployment, sockets++ % deployment.cluster.serverPorts.length));
  const errorOf = (frame: ColdServerFrame) => (frame.kind === "error" ? frame.code : frame.kind);
  let names = 0;
  const somebody = () => person(deployment.target, `holder${names++}`, { password: "old" });

  async function resumed(holder: Person): Promise<RawClient> {
    const raw = await open();
    assert.equal((await raw.ask({ kind: "resume", token: holder.token })).kind, "welcome");
    return raw;
  }

  /** A connection that has logged in with a password; undefined when that is refused. */
  async function loggedIn(name: string, password: string): Promise<{ raw: RawClient; token: Uint8Array } | undefined> {
    const raw = await open();
    const started = await opaque.startLogin(password);
    const answer = await raw.ask({ kind: "logInStart", name, message: started.message });
    assert.ok(answer.kind === "logInStarted");
    const finished = await opaque.finishLogin(password, started.state, answer.message, "simulated");
    if (!finished.ok) return undefined;
    const welcome = await raw.ask({ kind: "logInFinish", message: finished.value.message });
    return welcome.kind === "welcome" ? { raw, token: welcome.token } : undefined;
  }

  async function changePassword(raw: RawClient, password: string, backup: Uint8Array): Promise<string> {
    const started = await opaque.startRegistration(password);
    const answer = await raw.ask({ kind: "passwordStart", message: started.message });
    if (answer.kind !== "passwordStarted") return errorOf(answer);
    const finished = await opaque.finishRegistration(password, started.state, answer.message, "simulated");
    assert.ok(finished.ok);
    return errorOf(await raw.ask({ kind: "passwordFinish", record: finished.value.message, backup }));
  }

  test("has no backup at first, and keeps one byte for byte", async () => {
    const raw = await resumed(await somebody());
    const before = await raw.ask({ kind: "fetchBackup" });
    assert.ok(before.kind === "backup" && before.backup === null);
    await raw.ask({ kind: "saveBackup", backup: sealed("once") });
    const kept = await raw.ask({ kind: "fetchBackup" });
    assert.deepEqual(kept.kind === "backup" && Buffer.from(kept.backup ?? []), sealed("once"));
  });

  test("gets a new password by a login with the old one: then the old one fails, and other sessions end", async () => {
    const holder = await somebody();
    const atBothServers = [await resumed(holder), await resumed(holder)];
    const changing = await loggedIn(holder.name, "old");
    assert.ok(changing);
    assert.equal(await changePassword(changing.raw, "new", sealed("anew")), "done");
    assert.equal(await loggedIn(holder.name, "old"), undefined);
    const again = await loggedIn(holder.name, "new");
    assert.ok(again);
    const backup = await again.raw.ask({ kind: "fetchBackup" });
    assert.deepEqual(backup.kind === "backup" && Buffer.from(backup.backup ?? []), sealed("anew"));
    for (const other of atBothServers) await other.ended();
    const raw = await open();
    assert.equal(errorOf(await raw.ask({ kind: "resume", token: holder.token })), "token_invalid");
    assert.equal(
      (await raw.ask({ kind: "resume", token: changing.token })).kind,
      "welcome",
      "the session that changed it goes on",
    );
  });

  test("does not get a new password by a token alone", async () => {
    const holder = await somebody();
    const raw = await resumed(holder);
    const { message } = await opaque.startRegistration("stolen");
    assert.equal(errorOf(await raw.ask({ kind: "passwordStart", message })), "login_required");
    const finish = await raw.ask({ kind: "passwordFinish", record: Buffer.alloc(192), backup: sealed("stolen") });
    assert.equal(errorOf(finish), "login_required");
    assert.ok(await loggedIn(holder.name, "old"));
  });

  test("a logout ends the session's other connections, at every server", async () => {
    const holder = await somebody();
    const others = await Promise.all([resumed(holder), resumed(holder), resumed(holder)]);
    const leaving = await resumed(holder);
    assert.equal((await leaving.ask({ kind: "logOut" })).kind, "done");
    for (const other of others) await other.ended();
    await until(async () => {
      const raw = await open();
      const answer = await raw.ask({ kind: "resume", token: holder.token });
      raw.destroy();
      return errorOf(answer) === "token_invalid";
    }, "the token resumes nothing");
  });
});
