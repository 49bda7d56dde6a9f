import assert from "node:assert/strict";
import { after, before, beforeEach, suite, test } from "node:test";
import { keysOf } from "../../platform/keys-of.ts";
import { pickOne } from "../../platform/random.ts";
import { sampleOf, serverFrames } from "../../testing/arbitrary-frames.ts";
import { testSeed } from "../../testing/chaos.ts";
import { deploy, type TestDeployment } from "../../testing/deployment.ts";
import { HostileServer } from "../../testing/hostile-server.ts";
import { groupOf, type Person, person } from "../../testing/person.ts";
import { until } from "../../testing/until.ts";
import { type GroupId, seq } from "../../wire/ids.ts";
import { coldServerFrames, type ReplyKind } from "../../wire/server-frame.ts";

const replyKinds = keysOf(coldServerFrames).filter(
  (kind): kind is ReplyKind => "request" in coldServerFrames[kind].body.shape && kind !== "error",
);

suite("a server that answers anything to anything", () => {
  let deployment: TestDeployment;
  let server: HostileServer;
  let alice: Person;
  let bob: Person;
  let group: GroupId;
  let names = 0;
  before(async () => {
    deployment = await deploy();
    server = await HostileServer.inFrontOf(deployment.cluster.url);
    bob = await person(deployment.target, "bob");
  });
  // A client whose connections break one after the other waits longer each time, so each lie has a client of its own.
  beforeEach(async () => {
    alice = await person(server.target, `alice${names++}`);
    group = await groupOf(alice, bob);
  });
  after(() => deployment.stop());

  /** What makes a whole client send a request for this reply. */
  const asks = {
    welcome: () => alice.client.mailbox.interrupt(),
    groups: () => alice.client.mailbox.interrupt(),
    users: () => alice.client.meet(["bob"]),
    log: () => alice.client.conversation(group).refresh(),
    done: () => alice.client.changeGroup(group, { action: "rekey" }),
    changed: () => alice.client.changeGroup(group, { action: "rename", title: "another title" }),
    synced: () => alice.client.mailbox.history(group, { after: seq(0), through: seq(1) }),
    pong: () => alice.client.mailbox.roundTrip(),
  } satisfies Partial<Record<ReplyKind, () => unknown>>;

  for (const kind of keysOf(asks)) {
    test(`cannot break a client with another reply in place of ${kind}: it connects again, and goes on`, async (t) => {
      const random = testSeed(t);
      const others = replyKinds.filter((other) => other !== kind);
      for (let lies = 0; lies < 3; lies++) {
        const other = pickOne(random, others);
        const lie = sampleOf(serverFrames, other, random.uint32());
        let hasLied = false;
        server.onReply(kind, (frame) => {
          if (hasLied) return frame;
          hasLied = true;
          return { ...lie, request: frame.request };
        });
        // Requests that she sends while her connection is breaking do not arrive.
        await until(async () => {
          if (!hasLied && alice.client.mailbox.state === "online") await asks[kind]();
          return hasLied;
        }, `the server answers alice with ${other} in place of ${kind}`);
        const text = `after ${other}, ${lies}`;
        const said = await alice.say(group, text);
        assert.ok(said.ok, JSON.stringify(said));
        await until(() => bob.texts(group).at(-1) === text, "bob reads it");
      }
      server.repent();
      await until(() => alice.client.mailbox.state === "online", "alice is online again");
    });
  }
});
