import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, suite, test } from "node:test";
import { encodeContent, wordsOf } from "../../e2ee/content.ts";
import { fernetSeal } from "../../e2ee/fernet.ts";
import { signMessage } from "../../e2ee/message-seal.ts";
import { systemClock } from "../../platform/clock.ts";
import { deploy, type TestDeployment } from "../../testing/deployment.ts";
import { HostileServer, type ShownMessage } from "../../testing/hostile-server.ts";
import { groupOf, type Person, person } from "../../testing/person.ts";
import { present } from "../../testing/present.ts";
import { until } from "../../testing/until.ts";
import { clientMessageId, type GroupId, type Seq, seq } from "../../wire/ids.ts";
import { messageTypes } from "../../wire/send-frame.ts";
import { Vault } from "../vault/vault.ts";

/** Lies of a server when a new machine asks for older messages. */
suite("a server that lies about older messages", () => {
  let deployment: TestDeployment;
  let hostile: HostileServer;
  const scratch = mkdtempSync(path.join(tmpdir(), "older-test-"));
  const vaults: Vault[] = [];
  let names = 0;
  before(async () => {
    deployment = await deploy();
    hostile = await HostileServer.inFrontOf(deployment.cluster.url);
  });
  after(async () => {
    await deployment.stop();
    for (const vault of vaults) vault.close();
    rmSync(scratch, { recursive: true, force: true });
  });

  /** Alice has written a to e, with the seqs 2 to 6; bob is at a machine that has none of them, and is lied to. */
  async function newMachine() {
    hostile.repent();
    const name = `bob${names++}`;
    const alice = await person(deployment.target, `alice${names++}`);
    const elsewhere = await person(deployment.target, name);
    const group = await groupOf(alice, elsewhere);
    for (const text of ["a", "b", "c", "d", "e"]) assert.ok((await alice.say(group, text)).ok);
    const vault = Vault.open(path.join(scratch, `${name}.db`), new Uint8Array(32), systemClock);
    vaults.push(vault);
    vault.saveSession({ user: present(elsewhere.client.user), token: elsewhere.token });
    const misplaced: Seq[] = [];
    const bob = await person(hostile.target, name, {
      known: elsewhere.identity,
      keeper: vault,
      events: { misplaced: (_, at) => misplaced.push(at) },
    });
    await until(() => bob.client.mailbox.groups.has(group), "bob is a member here, too");
    return { alice, bob, group, vault, misplaced };
  }
  const kept = (vault: Vault, group: GroupId) =>
    vault.view.last(group, 100).map(({ content, seq: at, why }) => `${at} ${content ? wordsOf(content) : why}`);
  const showing = (change: (message: ShownMessage) => readonly ShownMessage[]) => {
    hostile.messages = (messages) => messages.flatMap(change);
  };
  const honest = ["2 a", "3 b", "4 c", "5 d", "6 e"];
  const inGroup = async (bob: Person, group: GroupId, count: number) => {
    const older = await bob.client.conversation(group).older(count);
    return older.ok ? older.value : older.reason.code;
  };

  test("from an honest server all of them are kept, and the cursor stays", async () => {
    const { bob, group, vault } = await newMachine();
    assert.deepEqual(await inGroup(bob, group, 2), { count: 2, more: true });
    assert.deepEqual(kept(vault, group), ["5 d", "6 e"]);
    assert.deepEqual(await inGroup(bob, group, 100), { count: 3, more: false });
    assert.deepEqual(kept(vault, group), honest);
    assert.deepEqual(bob.messages, [], "older messages make no events");
    assert.deepEqual(
      vault.groups().map(({ cursor }) => cursor),
      [6],
    );
  });

  test("a withheld message is a gap, a repeated one is kept once, a forged one is not read", async () => {
    const { alice, bob, group, vault } = await newMachine();
    let first: ShownMessage | undefined;
    showing((message) => {
      if (message.seq === 2) first = message;
      if (message.seq === 3) return [];
      if (message.seq === 5 && first) return [{ ...first, seq: seq(5) }];
      if (message.seq === 6) return [{ ...message, sender: present(bob.client.user) }];
      return [message];
    });
    const gaps: unknown[] = [];
    const keep = vault.keep.bind(vault);
    vault.keep = (of, step) => {
      if (step.missing) gaps.push(step.missing);
      keep(of, step);
    };
    assert.deepEqual(await inGroup(bob, group, 100), { count: 3, more: false });
    assert.deepEqual(kept(vault, group), ["2 a", "4 c", "6 wrong_sender"]);
    assert.deepEqual(gaps, [{ from: 3, through: 3 }]);
    assert.ok((await alice.say(group, "f")).ok);
    await until(() => kept(vault, group).includes("7 f"), "the next message is read");
  });

  test("a message of a newcomer is not believed in an epoch from before they came, though they have its key", async () => {
    const { alice, bob, group, vault } = await newMachine();
    const { epoch, head: logHead } = present(alice.client.conversation(group).membership);
    const carol = await person(deployment.target, `carol${names++}`);
    assert.ok((await alice.client.changeGroup(group, { action: "admit", names: [carol.name] })).ok);
    const sender = present(carol.client.user);
    const id = clientMessageId(7n);
    const envelope = { type: messageTypes.application, group, epoch, sender, clientMessageId: id, logHead };
    const signed = signMessage(
      envelope,
      encodeContent({ kind: "text", text: "never said" }),
      carol.identity.signingKey,
    );
    const payload = fernetSeal(alice.fernet.keyOf(group, epoch), signed, { nowSeconds: 1 });
    showing((message) => [message.seq === 3 ? { ...message, sender, clientMessageId: id, payload } : message]);
    await inGroup(bob, group, 100);
    assert.deepEqual(kept(vault, group).slice(0, 3), ["2 a", "3 not_a_member", "4 c"]);
  });

  test("a server that never goes on is asked no more until the user asks again", async () => {
    const { bob, group, vault } = await newMachine();
    hostile.onReply("synced", (frame) => ({ ...frame, through: frame.after }));
    hostile.messages = () => [];
    assert.equal(await inGroup(bob, group, 100), "busy");
    assert.deepEqual(kept(vault, group), []);
    hostile.repent();
    await until(async () => typeof (await inGroup(bob, group, 100)) !== "string", "it answers");
    assert.deepEqual(kept(vault, group), honest);
  });

  test("a kept message keeps its seq, whatever the server shows with it", async () => {
    const { alice, bob, group, vault, misplaced } = await newMachine();
    await inGroup(bob, group, 100);
    const change = (action: "admit" | "remove") => alice.client.changeGroup(group, { action, names: [bob.name] });
    assert.ok((await change("remove")).ok);
    await until(() => !bob.client.mailbox.groups.has(group), "bob is out");
    assert.ok((await alice.say(group, "without bob")).ok);
    assert.ok((await change("admit")).ok);
    await until(() => bob.client.mailbox.groups.has(group), "bob is back");
    const swapped: ShownMessage[] = [];
    showing((message) => {
      if (message.seq !== 4 && message.seq !== 5) return [message];
      swapped.push(message);
      const [c, d] = swapped;
      return c && d
        ? [
            { ...d, seq: seq(4) },
            { ...c, seq: seq(5) },
          ]
        : [];
    });
    assert.deepEqual(await inGroup(bob, group, 100), { count: 0, more: false });
    assert.deepEqual(kept(vault, group), honest);
    assert.deepEqual(misplaced, [4, 5]);
  });
});
