import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import type { RsaFernetState } from "../../e2ee/rsa-fernet.ts";
import { systemClock } from "../../platform/clock.ts";
import { deploy } from "../../testing/deployment.ts";
import { HostileServer } from "../../testing/hostile-server.ts";
import { person } from "../../testing/person.ts";
import { present } from "../../testing/present.ts";
import { RecordingFernet } from "../../testing/recording-fernet.ts";
import { until } from "../../testing/until.ts";
import type { Epoch } from "../../wire/ids.ts";
import { Vault } from "../vault/vault.ts";

const scratch = mkdtempSync(path.join(tmpdir(), "expiry-test-"));
after(() => rmSync(scratch, { recursive: true, force: true }));

/** Notes which epochs' keys a client keeps when messages have expired. */
class NotingFernet extends RecordingFernet {
  readonly kept: Epoch[][] = [];

  override forget(state: RsaFernetState, needed: ReadonlySet<Epoch>): RsaFernetState {
    const after = super.forget(state, needed);
    this.kept.push([...after.keys.keys()].sort((a, b) => a - b));
    return after;
  }
}

test("keys go with the last message of their epoch, but not before the messages of it have come", async () => {
  const deployment = await deploy();
  const hostile = await HostileServer.inFrontOf(deployment.cluster.url);
  const suite = new NotingFernet();
  const keeper = Vault.open(path.join(scratch, "bob.db"), new Uint8Array(32), systemClock);
  const alice = await person(deployment.target, "alice");
  let hoursAhead = 0;
  const clock = { ...systemClock, now: () => systemClock.now() + hoursAhead * 3_600_000 };
  const bob = await person(hostile.target, "bob", { keeper, suites: [suite], clock });
  keeper.saveSession({ user: present(bob.client.user), token: bob.token });
  const made = await alice.client.createGroup({ title: "brief", members: [bob.name], expireSeconds: 3600 });
  assert.ok(made.ok);
  const { group } = made.value;
  await until(() => bob.client.mailbox.groups.has(group), "bob is a member");
  assert.ok((await alice.say(group, "first")).ok);
  await until(() => bob.texts(group).length === 1, "bob has read it");

  // What comes from here on is held back, and bob does not get it by asking either.
  let isHeld = true;
  hostile.messages = (messages) => (isHeld ? [] : messages);
  hostile.onRequest("sync", (frame) => (isHeld ? undefined : frame));
  assert.ok((await alice.say(group, "on its way")).ok);
  for (const text of ["second epoch", "third epoch"]) {
    assert.ok((await alice.client.changeGroup(group, { action: "rekey" })).ok);
    assert.ok((await alice.say(group, text)).ok);
  }
  // Bob reads the log for this one, up to its end.
  assert.ok((await bob.say(group, "mine")).ok);
  await bob.client.forgetExpired();
  assert.deepEqual(suite.kept.at(-1), [1, 2, 3]);

  isHeld = false;
  bob.client.mailbox.goOffline();
  bob.client.mailbox.goOnline();
  const all = ["first", "on its way", "second epoch", "third epoch", "mine"];
  await until(() => bob.texts(group).length === all.length, "bob has read everything");
  assert.deepEqual(bob.texts(group), all);
  await bob.client.forgetExpired();
  assert.deepEqual(suite.kept.at(-1), [1, 2, 3], "the messages of all epochs are still there");
  hoursAhead = 2;
  await bob.client.forgetExpired();
  assert.deepEqual(suite.kept.at(-1), [3], "of the epochs before no message is left");
  await bob.client.close();
  keeper.close();
});
