import assert from "node:assert/strict";
import { test } from "node:test";
import { keyPair } from "../testing/key-pairs.ts";
import { LadderSuite } from "../testing/ladder-suite.ts";
import { present } from "../testing/present.ts";
import { readUint53 } from "../wire/bytes.ts";
import { clientMessageId, epoch, groupId, userId } from "../wire/ids.ts";
import { messageTypes } from "../wire/send-frame.ts";
import { createIdentity } from "./identity.ts";
import { inlineRsa } from "./rsa-inline.ts";
import { createSuites, suites } from "./suites.ts";
import { suiteAcceptance } from "./testing/suite-acceptance.ts";

const clock = { now: () => 1_700_000_000_999 };

for (const { name, create } of suites) {
  suiteAcceptance(name, () => create({ rsa: inlineRsa, clock }));
}
// The one that tests of the client run with handshake messages.
suiteAcceptance("ladder", () => new LadderSuite());

test("a client has all suites, in their order", () => {
  assert.deepEqual(
    createSuites({ rsa: inlineRsa, clock }).map(({ name }) => name),
    suites.map(({ name }) => name),
  );
  assert.equal(suites[0]?.name, "rsa-fernet");
});

test("a message and a title of rsa-fernet have in them the second in which they were sealed", async () => {
  const suite = present(createSuites({ rsa: inlineRsa, clock })[0]);
  const alice = createIdentity("alice", await keyPair(0));
  const [group, first, user] = [groupId(7), epoch(1), userId(1)];
  const members = [{ user, identity: alice.public }];
  const { state } = await suite.beginEpoch(alice, undefined, { group, epoch: first, members, readBack: [] });
  const outside = { type: messageTypes.application, group, epoch: first, sender: user };
  const envelope = { ...outside, clientMessageId: clientMessageId(1n), logHead: Buffer.alloc(32) };
  const sealed = await suite.seal(alice, state, envelope, Buffer.from("hello"));
  assert.equal(sealed.ok && readUint53(sealed.value.payload, 1), 1_700_000_000);
  assert.equal(readUint53(suite.sealTitle(state, group, first, "climbing"), 1), 1_700_000_000);
});
