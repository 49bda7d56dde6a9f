import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import fc from "fast-check";
import { pickOne } from "../../platform/random.ts";
import { serverFrames } from "../../testing/arbitrary-frames.ts";
import { testSeed } from "../../testing/chaos.ts";
import { deploy, type TestDeployment } from "../../testing/deployment.ts";
import { HostileServer } from "../../testing/hostile-server.ts";
import { groupOf, type Person, person } from "../../testing/person.ts";
import { until } from "../../testing/until.ts";
import type { GroupId } from "../../wire/ids.ts";
import { type ColdServerFrame, coldServerFrames } from "../../wire/server-frame.ts";

const answerKinds = Object.entries(coldServerFrames).flatMap(([kind, { body }]) =>
  "request" in body.shape && kind !== "error" ? [kind as ColdServerFrame["kind"]] : [],
);

suite("a server that answers anything to anything", () => {
  let deployment: TestDeployment;
  let server: HostileServer;
  let alice: Person;
  let bob: Person;
  let group: GroupId;
  before(async () => {
    deployment = await deploy();
    server = await HostileServer.inFrontOf(deployment.cluster.url);
    alice = await person(server.target, "alice");
    bob = await person(deployment.target, "bob");
    group = await groupOf(alice, bob);
  });
  after(() => deployment.stop());

  /** What makes a whole client ask for this. */
  const asks: Readonly<Record<string, () => unknown>> = {
    welcome: () => alice.client.mailbox.interrupt(),
    groups: () => alice.client.mailbox.interrupt(),
    users: () => alice.client.meet(["bob"]),
    log: () => alice.client.conversation(group).refresh(),
    done: () => alice.client.changeGroup(group, { action: "rekey" }),
    changed: () => alice.client.changeGroup(group, { action: "rename", title: "another title" }),
    synced: () => alice.client.mailbox.history(group, { after: 0 as never, through: 1 as never }),
    pong: () => alice.client.roundTrip(),
  };

  for (const [kind, ask] of Object.entries(asks)) {
    test(`loses nobody by what it says in place of ${kind}: the client comes back, and goes on`, async (t) => {
      const random = testSeed(t);
      const others = answerKinds.filter((other) => other !== kind);
      for (let lies = 0; lies < 3; lies++) {
        const other = pickOne(random, others);
        const [content] = fc.sample<object>(serverFrames[other], { seed: random.uint32(), numRuns: 1 });
        let isTold = false;
        server.onReply(kind as "pong", (frame) => {
          if (isTold) return frame;
          isTold = true;
          return { kind: other, ...content, request: frame.request } as ColdServerFrame;
        });
        // What she asks while her connection is breaking is not heard.
        await until(async () => {
          if (!isTold && alice.client.mailbox.state === "online") await ask();
          return isTold;
        }, `alice is told ${other} in place of ${kind}`);
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
