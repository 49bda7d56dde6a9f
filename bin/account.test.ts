import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, suite, test } from "node:test";
import { createIdentity } from "../core/e2ee/identity.ts";
import { silentLog } from "../core/platform/log.ts";
import { Database } from "../core/store/database.ts";
import { endOf, startCommand } from "../core/testing/command-line.ts";
import { deploy, type TestDeployment } from "../core/testing/deployment.ts";
import { keyPair } from "../core/testing/key-pairs.ts";
import { person } from "../core/testing/person.ts";
import { present } from "../core/testing/present.ts";
import { endOfCommand } from "./testing/command-here.ts";

const scratch = mkdtempSync(path.join(tmpdir(), "account-test-"));
after(() => rmSync(scratch, { recursive: true, force: true }));

const fileWith = (name: string, line: string) => {
  const file = path.join(scratch, name);
  writeFileSync(file, `${line}\n`);
  return file;
};
const password = fileWith("password", "alice's password");
const wrong = fileWith("wrong", "somebody else's");
const another = fileWith("another", "alice's other password");
const passphrase = fileWith("passphrase", "a passphrase");
const home = (machine: string) => ["--home", path.join(scratch, machine)];
const run = (...args: readonly string[]) => endOfCommand(args);

/** What a command that cannot be done says: its code, and what to do. */
async function refused(code: string, ...args: readonly string[]): Promise<string> {
  const ended = await run(...args);
  assert.equal(ended.code, 1, `${args.join(" ")} ended with ${ended.code}: ${ended.out}${ended.err}`);
  // The code, what has happened, and what to do.
  assert.match(ended.err, new RegExp(`^${code}: .+\\n.+\\n$`), args.join(" "));
  assert.equal(ended.out, "");
  return ended.err;
}

async function done(...args: readonly string[]): Promise<string> {
  const ended = await run(...args);
  assert.equal(ended.code, 0, `${args.join(" ")}: ${ended.err}`);
  return ended.out;
}

suite("accounts, trust and identities by command", () => {
  let deployment: TestDeployment;
  let at: readonly string[];
  let known: readonly string[];
  before(async () => {
    deployment = await deploy();
    at = ["--server", deployment.target, "--user", "alice"];
    known = [...home("laptop"), "--password-file", password];
    await person(deployment.target, "bob");
    await done("account", "sign-up", ...at, ...known);
  });
  after(() => deployment.stop());

  test("an account is made once, and listed", async () => {
    assert.equal(await done("account", "list", ...home("laptop")), `alice\talice\t${deployment.target}\n`);
    assert.equal(await done("account", "list", ...home("nowhere")), "");
    await refused("profile_exists", "account", "sign-up", ...at, ...known);
    await refused("name_taken", "account", "sign-up", ...at, ...home("other"), "--password-file", password);
    // By a process of its own: this one may have a terminal, at which it would ask.
    const asking = await endOf(startCommand(["account", "sign-up", ...at, ...home("other")], { cwd: scratch }));
    assert.match(asking.err, /^password_needed: /);
    assert.equal(asking.code, 1);
  });

  test("a sign-up without a server is a failure that says so, and leaves nothing", async () => {
    const machine = home("unreachable");
    const there = ["--server", "127.0.0.1:1", "--user", "alice", ...machine, "--password-file", password];
    await refused("server_unreachable", "account", "sign-up", ...there);
    await refused("server_unreachable", "account", "log-in", ...there);
    assert.equal(await done("account", "list", ...machine), "");
  });

  test("a directory where no profile can be kept is a failure before anybody signs up", async () => {
    const user = ["--server", deployment.target, "--user", "nia", "--password-file", password];
    for (const place of [password, path.join(password, "below")]) {
      await refused("profile_unwritable", "account", "sign-up", ...user, "--home", place);
    }
    await done("account", "sign-up", ...user, ...home("nia"));
  });

  test("the account comes to another machine with its password alone", async () => {
    const machine = home("desktop");
    const answer = await refused("wrong_password", "account", "log-in", ...at, ...machine, "--password-file", wrong);
    const nobody = ["--server", deployment.target, "--user", "nobody", ...machine, "--password-file", wrong];
    const unknown = await refused("wrong_password", "account", "log-in", ...nobody);
    assert.equal(unknown, answer.replaceAll("alice", "nobody"), "whether there is such a user is nobody's business");
    assert.equal(await done("account", "list", ...machine), "");
    await done("account", "log-in", ...at, ...machine, "--password-file", password);
    assert.match(await done("account", "list", ...machine), /^alice\t/);
  });

  test("people are met and verified by number; others are not known", async () => {
    await refused("not_met", "trust", "verify", "bob", ...known);
    await refused("unknown_user", "trust", "show", "nobody-at-all", ...known);
    const shown = await done("trust", "show", "bob", ...known);
    assert.match(shown, /bob: met, not verified/);
    const digits = present(/(?:\d{5}\s){11}\d{5}/.exec(shown)?.[0]);
    const misread = digits.replace(/\d$/, (last) => String((Number(last) + 1) % 10));
    await refused("safety_number_differs", "trust", "verify", "bob", misread, ...known);
    assert.equal(await done("trust", "list", ...known), "bob\tmet, not verified\n");
    await done("trust", "verify", "bob", digits, ...known);
    assert.equal(await done("trust", "list", ...known), "bob\tverified\n");
    await refused("nothing_to_accept", "trust", "accept", "bob", ...known);
    await refused("wrong_password", "trust", "list", ...home("laptop"), "--password-file", wrong);
    await refused("profile_unknown", "trust", "list", ...home("laptop"), "--profile", "carol");
  });

  test("somebody whom the server shows with another identity gets nothing until that is accepted", async () => {
    const carol = await person(deployment.target, "carol");
    const annie = [...home("annie"), "--password-file", password];
    await done("account", "sign-up", "--server", deployment.target, "--user", "annie", ...annie);
    const group = await carol.client.createGroup({ title: "climbing", members: ["annie"] });
    assert.ok(group.ok);
    await done("send", "climbing", "hello", ...annie);
    await done("trust", "verify", "carol", ...annie);
    const another = createIdentity("carol", await keyPair(5));
    const database = new Database(deployment.databaseUrl, { connectionsMax: 1, log: silentLog });
    await database.query({
      text: "UPDATE users SET identity = $1 WHERE name = 'carol'",
      values: [another.public.bytes],
    });
    await database.close();
    await refused("identity_changed", "send", "climbing", "is it you?", ...annie);
    assert.match(await done("trust", "list", ...annie), /^carol\tCHANGED: /);
    assert.match(await done("trust", "show", "carol", ...annie), /With the identity that the server shows now/);
    await refused("identity_changed", "trust", "verify", "carol", ...annie);
    await done("trust", "accept", "carol", ...annie);
    assert.equal(await done("trust", "list", ...annie), "carol\tmet, not verified\n");
  });

  test("an identity goes through a file that is only its owner's, and never over another file", async () => {
    const pem = path.join(scratch, "alice.pem");
    const sealed = ["--passphrase-file", passphrase];
    await done("identity", "export", pem, ...known, ...sealed);
    assert.equal(statSync(pem).mode & 0o077, 0);
    await refused("file_unwritable", "identity", "export", pem, ...known, ...sealed);
    const machine = [...home("imported"), "--server", deployment.target];
    const opened = ["--password-file", password];
    await refused("identity_unreadable", "identity", "import", pem, ...machine, ...opened, "--passphrase-file", wrong);
    await refused("file_unreadable", "identity", "import", `${pem}.missing`, ...machine, ...opened, ...sealed);
    await done("identity", "import", pem, ...machine, ...opened, ...sealed);
    assert.equal(await done("trust", "list", ...home("imported"), ...opened), "");
    const elsewhere = await deploy();
    await done(
      ...["identity", "import", pem, "--sign-up", "--server", elsewhere.target],
      ...[...home("elsewhere"), ...opened, ...sealed],
    );
    assert.match(await done("account", "list", ...home("elsewhere")), new RegExp(`${elsewhere.target}\n$`));
    assert.ok(existsSync(pem));
  });

  test("a command line that cannot be understood ends with 2", async () => {
    const secret = ["--password-file", password];
    for (const args of [
      ["account", "sign-up", "--server", deployment.target, ...home("other"), ...secret],
      ["trust", "show", ...known],
      ["identity", "export", ...known],
    ]) {
      const ended = await run(...args);
      assert.equal(ended.code, 2, `${args.join(" ")}: ${ended.err}`);
      assert.match(ended.err, /missing/);
    }
  });

  test("an unknown profile, a wrong password and a server that has gone are failures of every command that needs them", async () => {
    const commands = [
      ["account", "password", "--new-password-file", another],
      ["identity", "export", path.join(scratch, "never.pem"), "--passphrase-file", passphrase],
      ["trust", "show", "bob"],
    ];
    for (const command of commands) {
      await refused("profile_unknown", ...command, ...known, "--profile", "carol");
      await refused("wrong_password", ...command, ...home("laptop"), "--password-file", wrong);
    }
    assert.ok(!existsSync(path.join(scratch, "never.pem")));
    const gone = await deploy();
    const machine = [...home("gone"), "--password-file", password];
    await done("account", "sign-up", "--server", gone.target, "--user", "alice", ...machine);
    await gone.stop();
    await refused("server_unreachable", "account", "password", ...machine, "--new-password-file", another);
    const unmet = await refused("server_unreachable", "trust", "show", "bob", ...machine);
    assert.doesNotMatch(unmet, /wait|kept/, "nothing was written");
    // What needs no server works without.
    await done("identity", "export", path.join(scratch, "gone.pem"), ...machine, "--passphrase-file", passphrase);
    assert.equal(await done("trust", "list", ...machine), "");
  });

  test("another password opens the account from then on, here and elsewhere", async () => {
    await done("account", "password", ...known, "--new-password-file", another);
    await refused("wrong_password", "trust", "list", ...known);
    await done("trust", "list", ...home("laptop"), "--password-file", another);
    await refused("wrong_password", "account", "log-in", ...at, ...home("third"), "--password-file", password);
    await done("account", "log-in", ...at, ...home("third"), "--password-file", another);
  });
});
