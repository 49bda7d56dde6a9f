import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, suite, test } from "node:test";
import { wordsOf } from "../../e2ee/content.ts";
import * as opaque from "../../e2ee/opaque-client.ts";
import { inlineRsa } from "../../e2ee/rsa-inline.ts";
import { systemClock } from "../../platform/clock.ts";
import { Failure } from "../../platform/failure.ts";
import { seededRandom } from "../../platform/random.ts";
import { deploy, type TestDeployment } from "../../testing/deployment.ts";
import { keyPair } from "../../testing/key-pairs.ts";
import { person } from "../../testing/person.ts";
import { until } from "../../testing/until.ts";
import type { GroupId } from "../../wire/ids.ts";
import { openLeanSocket } from "../socket/lean-socket.ts";
import type { LocalAccountParts } from "./account-parts.ts";
import type { LocalAccount } from "./local-account.ts";
import { logInHere, logInWithIdentity, openAccount, signUpHere } from "./new-account.ts";
import { Profiles } from "./profile.ts";

const keys = await keyPair(0);
const crypto = { ...opaque, ...inlineRsa, generateKeys: async () => keys };
const scratch = mkdtempSync(path.join(tmpdir(), "account-test-"));
after(() => rmSync(scratch, { recursive: true, force: true }));
let machines = 0;

/** A machine with a home directory of its own. */
function machine(): LocalAccountParts {
  const profiles = new Profiles(path.join(scratch, `machine${machines++}`));
  const random = seededRandom(machines);
  return { profiles, crypto, open: openLeanSocket, clock: systemClock, random, effort: "simulated" };
}

const failsWith = (code: string) => (cause: unknown) => cause instanceof Failure && cause.code === code;

suite("an account at a machine", () => {
  let deployment: TestDeployment;
  let users = 0;
  before(async () => {
    deployment = await deploy();
  });
  after(() => deployment.stop());

  const addressOf = (user: string) => ({ profile: user, server: deployment.target, trust: {}, user });
  const accounts: LocalAccount[] = [];
  after(async () => {
    await Promise.all(accounts.map((account) => account.close()));
  });
  const opened = (account: LocalAccount) => {
    accounts.push(account);
    return account;
  };
  const closed = async (account: LocalAccount) => {
    await account.close();
    accounts.splice(accounts.indexOf(account), 1);
  };
  async function signedUp(parts: LocalAccountParts, password = "old") {
    const user = `user${users++}`;
    const account = opened(await signUpHere(addressOf(user), password, parts, {}));
    account.goOnline();
    await until(() => account.client.mailbox.state === "online", "it is online");
    return { user, account };
  }
  const say = (account: LocalAccount, group: GroupId, text: string) =>
    new Promise((resolve) => account.client.send(group, { kind: "text", text }, resolve));

  test("is signed up, closed, and opens again without a server", async () => {
    const here = machine();
    const { user, account } = await signedUp(here);
    const group = await account.client.createGroup({ title: "notes", members: [] });
    assert.ok(group.ok);
    await say(account, group.value.group, "to myself");
    await closed(account);
    const profile = here.profiles.read(user);
    assert.ok(profile);
    here.profiles.write(user, { ...profile, server: "127.0.0.1:1" });
    const again = opened(await openAccount(user, "old", here, {}));
    assert.deepEqual(again.identity.public.bytes, account.identity.public.bytes);
    assert.deepEqual(
      again.vault.groups().map(({ group: id }) => id),
      [group.value.group],
    );
    again.goOnline();
    again.client.send(group.value.group, { kind: "text", text: "written offline" }, () => {});
    assert.equal(again.vault.unsent().length, 1);
  });

  test("does not open with another password, and its files stay as they were", async () => {
    const here = machine();
    const { user, account } = await signedUp(here);
    await closed(account);
    const file = here.profiles.vaultFile(user);
    const before = readFileSync(file);
    await assert.rejects(openAccount(user, "wrong", here, {}), failsWith("wrong_password"));
    assert.deepEqual(readFileSync(file), before);
    const profile = here.profiles.read(user);
    assert.ok(profile);
    here.profiles.write(user, { ...profile, server: "127.0.0.1:1" });
    await assert.rejects(openAccount(user, "wrong", here, {}), failsWith("wrong_password"));
  });

  test("has files that no other user of the machine may read", { skip: process.platform === "win32" }, async () => {
    const here = machine();
    const { user } = await signedUp(here);
    const file = here.profiles.vaultFile(user);
    assert.equal(statSync(path.dirname(file)).mode & 0o077, 0);
  });

  test("is opened at another machine with its password alone, and reads its groups", async () => {
    const there = machine();
    const { user, account } = await signedUp(machine());
    const group = await account.client.createGroup({ title: "both", members: [] });
    assert.ok(group.ok);
    await say(account, group.value.group, "from the first machine");
    const texts: (string | undefined)[] = [];
    const second = opened(
      await logInHere(addressOf(user), "old", there, { message: ({ content }) => void texts.push(wordsOf(content)) }),
    );
    assert.deepEqual(second.identity.public.fingerprint, account.identity.public.fingerprint);
    second.goOnline();
    await until(() => texts.length === 1, "the message is there");
    assert.deepEqual(texts, ["from the first machine"]);
    await assert.rejects(logInHere(addressOf(user), "old", there, {}), failsWith("profile_exists"));
    await assert.rejects(logInHere(addressOf(user), "wrong", machine(), {}), failsWith("wrong_password"));
  });

  test("counts once for round robin when it goes online, whatever else it asks the servers", async () => {
    const several = await deploy({ servers: 2 });
    const servers: string[] = [];
    for (let i = 0; i < 4; i++) {
      const [user, parts] = [`turn${i}`, machine()];
      const at = { ...addressOf(user), server: several.target };
      const account = opened(
        await signUpHere(at, "old", parts, { welcomed: ({ server }) => void servers.push(server) }),
      );
      const before = servers.length;
      account.goOnline();
      await until(() => servers.length > before, "it is online, and knows its groups");
      if (i % 2 === 0) continue;
      // It resumes, a server refuses the ended session, and it logs in at the same server.
      await account.client.mailbox.request({ kind: "logOut" });
      account.client.mailbox.goOffline();
      await account.connect("old");
    }
    assert.deepEqual(servers, ["s0", "s1", "s0", "s1", "s0", "s1"]);
  });

  test("gets another password: the old one opens it nowhere, the new one everywhere", async () => {
    const [here, there] = [machine(), machine()];
    const { user, account } = await signedUp(here);
    const elsewhere = opened(await logInHere(addressOf(user), "old", there, {}));
    elsewhere.goOnline();
    await until(() => elsewhere.client.mailbox.state === "online", "both are online");
    await assert.rejects(account.changePassword("wrong", "new"), failsWith("wrong_password"));
    await account.changePassword("old", "new");
    await until(() => elsewhere.client.mailbox.state === "loggedOut", "the other machine was logged out");
    assert.equal((await elsewhere.logIn("old")).ok, false);
    await closed(account);
    await closed(elsewhere);
    for (const parts of [here, there]) {
      const again = opened(await openAccount(user, "new", parts, {}));
      again.goOnline();
      await until(() => again.client.mailbox.state === "online", "it is online with the new password");
      await closed(again);
      await assert.rejects(openAccount(user, "old", parts, {}), failsWith("wrong_password"));
    }
  });

  test("that was made while its vault could not be is no profile here, and comes with a login once it can", async () => {
    const here = machine();
    const user = `user${users++}`;
    const inTheWay = here.profiles.vaultFile(user);
    mkdirSync(inTheWay, { recursive: true });
    await assert.rejects(signUpHere(addressOf(user), "old", here, {}), failsWith("vault_unusable"));
    assert.deepEqual(here.profiles.list(), []);
    rmSync(inTheWay, { recursive: true });
    assert.equal(opened(await logInHere(addressOf(user), "old", here, {})).name, user);
  });

  test("is open in one client at a time", async () => {
    const here = machine();
    const { user } = await signedUp(here);
    await assert.rejects(openAccount(user, "old", here, {}), failsWith("vault_in_use"));
  });

  test("reports a backup that is missing or was changed, and is mended by an identity from a file", async () => {
    const bare = await person(deployment.target, `user${users++}`, { password: "old" });
    const { user, account } = await signedUp(machine());
    const saved = await account.client.mailbox.request({ kind: "saveBackup", backup: new Uint8Array(100) });
    assert.ok(saved.ok);
    for (const [name, identity, code] of [
      [bare.name, bare.identity, "backup_missing"],
      [user, account.identity, "backup_refused"],
    ] as const) {
      await assert.rejects(logInHere(addressOf(name), "old", machine(), {}), failsWith(code));
      const mended = opened(await logInWithIdentity(addressOf(name), "old", identity, machine(), {}));
      assert.deepEqual(mended.identity.public.bytes, identity.public.bytes);
      opened(await logInHere(addressOf(name), "old", machine(), {}));
    }
  });

  test("is not mended by somebody else's identity", async () => {
    const { account: other } = await signedUp(machine());
    const { user } = await signedUp(machine());
    await assert.rejects(
      logInWithIdentity(addressOf(user), "old", other.identity, machine(), {}),
      failsWith("identity_mismatch"),
    );
    await assert.rejects(
      signUpHere(addressOf("somebody-new"), "old", machine(), {}, other.identity),
      failsWith("identity_mismatch"),
    );
  });

  test("is refused under a name that is taken or invalid, and where no server answers", async () => {
    const { user } = await signedUp(machine());
    await assert.rejects(signUpHere(addressOf(user), "other", machine(), {}), failsWith("name_taken"));
    await assert.rejects(signUpHere(addressOf("no name"), "other", machine(), {}), failsWith("name_invalid"));
    const nowhere = { ...addressOf("nobody"), server: "127.0.0.1:1" };
    await assert.rejects(signUpHere(nowhere, "other", machine(), {}), failsWith("server_unreachable"));
    await assert.rejects(openAccount("unknown", "p", machine(), {}), failsWith("profile_unknown"));
  });
});

test("profiles may have any name, and each has a directory of its own", async () => {
  const { profiles } = machine();
  assert.deepEqual(profiles.list(), []);
  const lock = {
    salt: Buffer.alloc(16),
    cost: 1024,
    blockSize: 8,
    parallelization: 1,
    nonce: Buffer.alloc(12),
    sealed: Buffer.alloc(48),
  };
  const profile = { server: "127.0.0.1:1", user: "a", vaultSalt: Buffer.alloc(16, 1), lock };
  for (const name of ["work", "../up", "..", "a/b", "ä ö"]) {
    profiles.write(name, profile);
    assert.deepEqual(profiles.read(name), profile);
    assert.ok(profiles.vaultFile(name).startsWith(`${path.join(scratch)}${path.sep}`), name);
  }
  assert.deepEqual(profiles.list(), ["../up", "..", "a/b", "work", "ä ö"].sort());
});
