import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { encodeContent } from "../../e2ee/content.ts";
import { fernetSeal } from "../../e2ee/fernet.ts";
import { signMessage } from "../../e2ee/message-seal.ts";
import { deploy, type TestDeployment } from "../../testing/deployment.ts";
import { HostileServer, type ShownMessage } from "../../testing/hostile-server.ts";
import { groupOf } from "../../testing/person.ts";
import { present } from "../../testing/present.ts";
import { until } from "../../testing/until.ts";
import { type Witness, witness } from "../../testing/witness.ts";
import { clientMessageId, epoch, type GroupId, seq, userId } from "../../wire/ids.ts";
import { messageTypes } from "../../wire/send-frame.ts";

/** Lies of a server about messages: each time the client reports a fault, and reads all other messages. */
suite("a server that lies about messages", () => {
  let deployment: TestDeployment;
  let hostile: HostileServer;
  let names = 0;
  before(async () => {
    deployment = await deploy();
  });
  after(() => deployment.stop());

  /** Two members of a group, of which the second is lied to. */
  async function pair(): Promise<{ alice: Witness; bob: Witness; group: GroupId }> {
    hostile?.close();
    hostile = await HostileServer.inFrontOf(deployment.cluster.url);
    const [alice, bob] = await Promise.all([
      witness(hostile.target, `alice${names++}`),
      witness(hostile.target, `bob${names++}`),
    ]);
    return { alice, bob, group: await groupOf(alice, bob) };
  }

  const isHim = (him: Witness, name: string | undefined) => name === him.identity.public.name;
  const faults = ({ unreadable }: Witness) => unreadable.map(({ fault }) => fault);
  const say = async (who: Witness, group: GroupId, ...texts: string[]) => {
    for (const text of texts) assert.ok((await who.say(group, text)).ok);
  };

  /** From this seq on, somebody is shown other messages; those behind move on by as many as were inserted. */
  function showInstead(
    to: Witness,
    group: GroupId,
    from: number,
    change: (message: ShownMessage) => readonly ShownMessage[],
  ): void {
    const shown = new Map<number, readonly ShownMessage[]>();
    hostile.messages = (messages, of, { name }) => {
      if (of !== group || !isHim(to, name)) return messages;
      return messages.flatMap((message) => {
        if (message.seq < from) return [message];
        const instead = shown.get(message.seq) ?? change(message);
        shown.set(message.seq, instead);
        let next = from;
        for (const [at, put] of shown) if (at < message.seq) next += put.length;
        return instead.map((put) => ({ ...put, seq: seq(next++) }));
      });
    };
  }

  test("a message that is lost on the way is fetched, and all messages come in order", async () => {
    const { alice, bob, group } = await pair();
    const dropped = new Set<number>();
    hostile.messages = (messages, of, { name }) =>
      messages.filter(({ seq: at }) => {
        if (of !== group || !isHim(bob, name) || at % 2 === 1 || dropped.has(at)) return true;
        dropped.add(at);
        return false;
      });
    await say(alice, group, "a", "b", "c", "d", "e", "f");
    await until(() => bob.texts(group).length === 6, "bob has all of them");
    assert.ok(dropped.size >= 2);
    assert.deepEqual(bob.texts(group), ["a", "b", "c", "d", "e", "f"]);
    assert.deepEqual(bob.missing, []);
  });

  test("a withheld message is reported as missing, though the server says that there is none", async () => {
    const { alice, bob, group } = await pair();
    await say(alice, group, "a");
    await until(() => bob.texts(group).length === 1, "bob has the first");
    hostile.messages = (messages, of, { name }) =>
      messages.filter(({ seq: at }) => of !== group || !isHim(bob, name) || at !== 3);
    await say(alice, group, "withheld", "c");
    await until(() => bob.texts(group).length === 2, "bob has the one behind");
    assert.deepEqual(bob.texts(group), ["a", "c"]);
    assert.deepEqual(bob.missing, [[3, 3]]);
  });

  test("a message that is repeated with its seq comes once; with another seq it is reported as replayed", async () => {
    const { alice, bob, group } = await pair();
    hostile.messages = (messages) => messages.flatMap((message) => [message, message]);
    await say(alice, group, "a", "b");
    await until(() => bob.texts(group).length === 2, "bob has both");
    showInstead(bob, group, 4, (message) => [message, message]);
    await say(alice, group, "c", "d");
    await until(() => bob.texts(group).length === 4, "bob has all");
    assert.deepEqual(bob.texts(group), ["a", "b", "c", "d"]);
    await until(() => bob.unreadable.length === 2, "bob's client has reported the repetitions");
    assert.deepEqual(faults(bob), ["replayed", "replayed"]);
  });

  test("messages that come out of order are put in order", async () => {
    const { alice, bob, group } = await pair();
    const held: ShownMessage[] = [];
    hostile.messages = (messages, of, { name }) => {
      if (of !== group || !isHim(bob, name)) return messages;
      held.push(...messages);
      return held.length < 4 ? [] : held.splice(0).reverse();
    };
    await say(alice, group, "a", "b", "c", "d");
    await until(() => bob.texts(group).length === 4, "bob has all");
    assert.deepEqual(bob.texts(group), ["a", "b", "c", "d"]);
    assert.deepEqual(faults(bob), []);
  });

  test("own messages in another order than they were acknowledged in are reported as misplaced", async () => {
    const { alice, bob, group } = await pair();
    const other = (at: number) => seq(at === 2 ? 3 : at === 3 ? 2 : at);
    hostile.messages = (messages, of) =>
      of === group ? messages.map((message) => ({ ...message, seq: other(message.seq) })) : messages;
    await say(alice, group, "first", "second");
    await until(() => alice.misplaced.length > 0, "alice's client has reported it");
    await until(() => bob.texts(group).length === 2, "bob has both");
    assert.deepEqual(new Set(alice.misplaced), new Set([2, 3]));
  });

  test("a message that is held back comes late, and with its seq", async () => {
    const { alice, bob, group } = await pair();
    let release = false;
    hostile.messages = (messages, of, { name }) =>
      release || of !== group || !isHim(bob, name) ? messages : messages.filter(({ seq: at }) => at !== 3);
    // The server does not answer requests for it, either.
    hostile.onRequest("sync", (sync) => (release ? sync : undefined));
    await say(alice, group, "a", "late", "c");
    await until(() => bob.texts(group).length === 1, "bob has what came before");
    release = true;
    hostile.interrupt();
    await until(() => bob.texts(group).length === 3, "bob has all");
    assert.deepEqual(bob.texts(group), ["a", "late", "c"]);
  });

  test("a message of another group is not opened", async () => {
    const { alice, bob, group } = await pair();
    const other = await groupOf(alice, bob);
    let pasted: ShownMessage | undefined;
    hostile.messages = (messages, of) => {
      if (of === other) pasted ??= messages.find(({ type }) => type === messageTypes.application);
      return messages;
    };
    await say(alice, other, "for the other group");
    await until(() => pasted !== undefined, "the server has seen it");
    showInstead(bob, group, 2, (message) => [{ ...present(pasted), seq: message.seq }, message]);
    await say(alice, group, "for this group");
    await until(() => bob.texts(group).length === 1, "bob has the right one");
    assert.deepEqual(faults(bob), ["wrong_key"]);
  });

  test("a message of another epoch is refused in this one", async () => {
    const { alice, bob, group } = await pair();
    let old: ShownMessage | undefined;
    hostile.messages = (messages, of) => {
      if (of === group) old ??= messages.find(({ type }) => type === messageTypes.application);
      return messages;
    };
    await say(alice, group, "in epoch 1");
    await until(() => bob.texts(group).length === 1, "bob has read it");
    assert.ok((await alice.client.changeGroup(group, { action: "rekey" })).ok);
    const replayed = { ...present(old), clientMessageId: clientMessageId(1n) };
    showInstead(bob, group, 4, (message) => [replayed, { ...replayed, epoch: epoch(2) }, message]);
    await say(alice, group, "in epoch 2");
    await until(() => bob.texts(group).length === 2, "bob has the right one");
    assert.deepEqual(faults(bob), ["stale_epoch", "wrong_key"]);
  });

  test("a message in another's name is refused, whoever forges it", async () => {
    const { alice, bob, group } = await pair();
    const carol = await witness(hostile.target, `carol${names++}`);
    assert.ok((await alice.client.changeGroup(group, { action: "admit", names: [carol.name] })).ok);
    await until(() => carol.joined.has(group), "carol is in");
    await say(carol, group, "of carol's own");
    await until(() => bob.texts(group).length === 1, "bob has read it");
    // Carol holds the group's key, and the server shows her messages as alice's.
    const conversation = carol.client.conversation(group);
    const { epoch, head: logHead } = conversation.membership ?? {};
    assert.ok(epoch !== undefined && logHead);
    const key = carol.fernet.keyOf(group, epoch);
    const sender = present(alice.client.user);
    const id = clientMessageId(7n);
    const envelope = { type: messageTypes.application, group, epoch, sender, clientMessageId: id, logHead };
    const body = encodeContent({ kind: "text", text: "alice owes carol money" });
    const nowSeconds = Math.floor(Date.now() / 1000);
    const payload = fernetSeal(key, signMessage(envelope, body, carol.identity.signingKey), { nowSeconds });
    showInstead(bob, group, 4, (message) => [
      { ...message, sender },
      { ...message, clientMessageId: id, sender, payload },
      { ...message, clientMessageId: id },
      { ...message, type: messageTypes.handshake },
      { ...message, payload: message.payload.subarray(0, message.payload.length - 16) },
      { ...message, sender: userId(sender + 1000) },
      message,
    ]);
    await say(carol, group, "of carol's own again");
    await until(() => bob.texts(group).length === 2, "bob has carol's");
    assert.deepEqual(faults(bob), [
      "wrong_sender",
      "bad_signature",
      "wrong_message_id",
      "unexpected_handshake",
      "wrong_key",
      "not_a_member",
    ]);
    assert.deepEqual(bob.texts(group), ["of carol's own", "of carol's own again"]);
  });
});
