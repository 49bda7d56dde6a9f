import assert from "node:assert/strict";
import { test } from "node:test";
import { accepted } from "../../platform/result.ts";
import { deploy } from "../../testing/deployment.ts";
import { groupOf, person } from "../../testing/person.ts";
import { Relay } from "../../testing/relay.ts";
import { until } from "../../testing/until.ts";
import type { Dial } from "../socket/dial.ts";

const patience = { silenceMs: 200, answerMs: 200, outcomeMs: 3000, periodMs: 50 };

test("behind a relay that has forgotten a connection, and with a frozen server, clients come back elsewhere and miss nothing", async () => {
  const { target } = await deploy();
  const [first, second] = [await Relay.inFrontOf(target), await Relay.inFrontOf(target)];
  let to = first;
  const dial: Dial = async () => accepted(`ws://${to.target}/v1`);
  const states: string[] = [];
  const events = { connection: (state: string, why: string) => void states.push(`${state} ${why}`) };
  const alice = await person(target, "alice", { dial, events, patience });
  const bob = await person(target, "bob");
  const group = await groupOf(alice, bob);

  first.forget();
  await bob.say(group, "after the relay has forgotten");
  await until(() => alice.texts(group).length === 1, "the first text");
  assert.ok(
    states.some((state) => /^offline .* not given a sign of life/.test(state)),
    states.join(),
  );

  to.isFrozen = true;
  to.forget();
  to = second;
  await bob.say(group, "after the server has frozen");
  await until(() => alice.texts(group).length === 2, "the second text");
  assert.equal(second.made, 1);
});

test("what is said over a connection that is dead arrives over the next one, once", async () => {
  const { target } = await deploy();
  const relay = await Relay.inFrontOf(target);
  const dial: Dial = async () => accepted(`ws://${relay.target}/v1`);
  const alice = await person(target, "alice", { dial, patience });
  const bob = await person(target, "bob");
  const group = await groupOf(alice, bob);
  relay.forget();
  assert.ok((await alice.say(group, "into the dark")).ok);
  await until(() => bob.texts(group).length > 0, "the text");
  assert.deepEqual(bob.texts(group), ["into the dark"]);
});
