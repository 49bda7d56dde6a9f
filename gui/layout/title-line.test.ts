import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { GroupFacts, GroupRow, Trusted } from "../model/shown.ts";
import { conversationOf } from "../model/step.ts";
import { alice, bob, cats, catsFacts, chatSession, dogs, groupRow, idOf } from "../testing/session.ts";
import { styled } from "../testing/styled.ts";
import { columnsOfLine, textOfLine } from "./line.ts";
import { titleLine } from "./title-line.ts";

const carol = idOf.user(3);

interface Shown {
  readonly facts?: Partial<GroupFacts>;
  readonly row?: Partial<GroupRow>;
  readonly online?: readonly (typeof bob)[];
  readonly trusted?: Trusted;
  readonly columns?: number;
}

function lineOf({ facts, row = {}, online = [], trusted = "pinned", columns = 60 }: Shown) {
  const session = chatSession([groupRow(cats, row), groupRow(dogs, { left: true })]).hear(
    { kind: "people", people: [bob, carol].map((user) => ({ user, name: user === bob ? "bob" : "carol", trusted })) },
    { kind: "presence", group: cats, online: new Set(online) },
  );
  if (facts) session.hear({ kind: "facts", group: cats, facts: { ...catsFacts, ...facts } });
  const line = titleLine(session.chat.scene, session.conversation(), columns);
  assert.equal(columnsOfLine(line), columns);
  assert.ok(line.every(({ ground }) => ground === "bar"));
  return line;
}
const textOf = (of: Shown) => textOfLine(lineOf(of)).trimEnd();
const members = [alice, bob, carol].map((user) => ({ user, name: `#${user}`, admin: false }));

suite("the title", () => {
  test("has the number of members, and how many are here", () => {
    assert.equal(textOf({ facts: {} }), " cats  2 members");
    assert.equal(textOf({ facts: {}, online: [alice, bob] }), " cats  2 members, 2 online");
    assert.equal(textOf({ facts: { members: members.slice(0, 1) } }), " cats  1 member");
    assert.equal(textOf({}), " cats", "the members are not known yet");
    assert.equal(textOf({ row: { left: true }, facts: {} }), " cats  you are no member any more");
    const { chat } = chatSession([groupRow(dogs, { left: true }), groupRow(cats)]);
    assert.equal(textOfLine(titleLine(chat.scene, conversationOf(chat, cats), 9)), " cats    ");
  });

  test("is that of the group's log, or else of the list, without control characters", () => {
    assert.equal(textOf({ facts: { title: "my\u001b cats" } }), " my␛ cats  2 members");
    assert.equal(textOf({ facts: { title: undefined }, row: { title: "from the list" } }), " from the list  2 members");
    assert.equal(textOf({ row: { title: undefined } }), " group 10");
    const { scene } = chatSession([]).chat;
    assert.deepEqual(styled(titleLine(scene, undefined, 20)), ["heading on bar: FastChat"]);
    assert.equal(textOfLine(titleLine(scene, undefined, 20)), " FastChat           ");
  });

  test("says at the right how long messages are kept, and whether all were verified", () => {
    const right = (of: Shown) => textOf(of).split(/ {3,}/)[1];
    assert.equal(right({ facts: { expireSeconds: 86_400 } }), "kept 1 day");
    assert.equal(right({ facts: {}, trusted: "verified" }), "✓ all verified");
    assert.equal(right({ facts: { expireSeconds: 86_400 }, trusted: "verified" }), "kept 1 day  ✓ all verified");
    assert.equal(
      right({ facts: { members: members.slice(0, 1) }, trusted: "verified" }),
      undefined,
      "there are no others",
    );
    assert.equal(
      right({
        facts: { members: [...members, { user: idOf.user(9), name: "sam", admin: false }] },
        trusted: "verified",
      }),
      undefined,
      "not all",
    );
  });

  test("warns of identities that changed, whatever else there is to say", () => {
    const warned = lineOf({ facts: { expireSeconds: 86_400 }, trusted: "changed" });
    assert.deepEqual(styled(warned), [
      "heading on bar: cats",
      "dim on bar: 2 members",
      "changed on bar: ! identity of bob changed",
    ]);
    assert.match(textOf({ facts: { members }, trusted: "changed" }), / {2}! identity of bob and carol changed$/);
    const many = [...members, { user: idOf.user(4), name: "dave", admin: false }];
    assert.match(textOf({ facts: { members: many }, trusted: "changed" }), /bob and carol changed$/);
  });

  test("means what it shows", () => {
    assert.deepEqual(styled(lineOf({ facts: { expireSeconds: 3600 }, trusted: "verified" })), [
      "heading on bar: cats",
      "dim on bar: 2 members",
      "dim on bar: kept 1 hour",
      "verified on bar: ✓ all verified",
    ]);
  });

  test("gives up its details, and then a part of itself, before what is at the right", () => {
    const facts = { title: "a long title of a group", expireSeconds: 86_400 };
    assert.equal(textOf({ facts, columns: 50 }), " a long title of a group  2 members    kept 1 day");
    assert.equal(textOf({ facts, columns: 47 }), " a long title of a group  2 members kept 1 day");
    assert.equal(textOf({ facts, columns: 46 }), " a long title of a group           kept 1 day");
    assert.equal(textOf({ facts, columns: 30 }), " a long title of…  kept 1 day");
    assert.equal(textOf({ facts, columns: 21 }), " a long … kept 1 day");
    assert.equal(textOf({ facts, columns: 20 }), " a long …", "nothing stands right behind the title");
    assert.equal(textOf({ facts, columns: 12 }), " a long …");
    assert.equal(textOf({ facts, columns: 9 }), " a long…");
    assert.equal(textOf({ facts: {}, trusted: "verified", columns: 32 }), " cats  2 members ✓ all verified");
    assert.equal(textOf({ facts: {}, trusted: "verified", columns: 31 }), " cats           ✓ all verified");
  });
});
