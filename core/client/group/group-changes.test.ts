import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { deploy, type TestDeployment } from "../../testing/deployment.ts";
import { type Break, BreakingSockets } from "../../testing/lossy-socket.ts";
import { groupOf, type Person, person } from "../../testing/person.ts";
import { until } from "../../testing/until.ts";
import type { GroupId } from "../../wire/ids.ts";

suite("a change of a group whose connection breaks", () => {
  let deployment: TestDeployment;
  let names = 0;
  before(async () => {
    deployment = await deploy({ servers: 2 });
  });
  after(() => deployment.stop());

  const somebody = (of: { open?: BreakingSockets["open"] } = {}) => person(deployment.target, `somebody${names++}`, of);
  const epochOf = ({ client }: Person, group: GroupId) => client.conversation(group).membership?.epoch;
  const actionsOf = ({ client }: Person, group: GroupId) =>
    client.conversation(group).changes.map(({ action }) => action);

  /** Moments of a change at which its connection breaks. */
  const breaks: readonly (readonly [string, Break])[] = [
    ["before its keys arrive", { from: "stageKeys", isLost: true }],
    ["before its keys are answered", { from: "stageKeys", isLost: false }],
    ["between its keys and its entry", { to: "done", isLost: false }],
    ["before its entry arrives", { from: "change", isLost: true }],
    ["before its entry is answered", { from: "change", isLost: false }],
    ["when its answer is lost", { to: "changed", isLost: true }],
    ["right behind its answer", { to: "changed", isLost: false }],
  ];

  for (const [when, at] of breaks) {
    test(`${when}: a message that waits for the new key is sent under it, once, and there is one new key`, async () => {
      const sockets = new BreakingSockets();
      const [alice, bob, carol] = [await somebody({ open: sockets.open }), await somebody(), await somebody()];
      const group = await groupOf(alice, bob, carol);
      assert.ok((await carol.client.changeGroup(group, { action: "leave" })).ok);
      await until(() => epochOf(alice, group) === 2, "alice has heard that carol left");
      sockets.breaks = at;
      const said = await alice.say(group, "without carol");
      assert.ok(said.ok, JSON.stringify(said));
      assert.equal(sockets.breaks, undefined, "the connection broke");
      assert.ok((await bob.say(group, "yes")).ok);
      await until(() => alice.texts(group).length === 2 && bob.texts(group).length === 2, "both have read both");
      assert.deepEqual(bob.texts(group), ["without carol", "yes"]);
      assert.deepEqual(actionsOf(bob, group), ["create", "leave", "rekey"]);
      assert.deepEqual(carol.texts(group), []);
      assert.deepEqual([...alice.unreadable, ...bob.unreadable], []);
    });
  }

  test("when its reply is lost: it is made once and granted, even if somebody else changes the group meanwhile", async () => {
    const sockets = new BreakingSockets();
    const [alice, bob, carol] = [await somebody({ open: sockets.open }), await somebody(), await somebody()];
    const group = await groupOf(alice, bob);
    assert.ok((await alice.client.changeGroup(group, { action: "promote", names: [bob.name] })).ok);
    sockets.breaks = { to: "changed", isLost: true };
    const admitted = alice.client.changeGroup(group, { action: "admit", names: [carol.name] });
    await until(() => sockets.breaks === undefined, "the answer is lost");
    assert.ok((await bob.client.changeGroup(group, { action: "rename", title: "meanwhile" })).ok);
    const outcome = await admitted;
    assert.ok(outcome.ok, JSON.stringify(outcome));
    await until(() => carol.joined.has(group), "carol is in");
    assert.ok((await alice.client.conversation(group).refresh()).ok);
    assert.deepEqual(actionsOf(alice, group), ["create", "promote", "admit", "rename"]);
    assert.equal(alice.client.conversation(group).title, "meanwhile");
    assert.ok((await alice.say(group, "welcome")).ok);
    await until(() => carol.texts(group).length === 1, "carol reads it");
  });
});
