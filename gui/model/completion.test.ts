import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { cats, catsFacts, chatSession, dogs, groupRow, idOf, people } from "../testing/session.ts";
import { offerFor } from "./completion.ts";
import { editorOf } from "./editor.ts";
import { namesIn } from "./names.ts";
import { nameOffer, offer } from "./offer.ts";

const groups = [groupRow(cats), groupRow(dogs, { title: "my dogs" }), groupRow(idOf.group(12), { title: undefined })];
const { chat } = chatSession(groups).hear(
  { kind: "people", people: [...people, { user: idOf.user(3), name: "Carol", trusted: "pinned" }] },
  { kind: "facts", group: cats, facts: catsFacts },
);
const options = (text: string, cursor = text.length) => offerFor(chat, { text, cursor })?.options;
const from = (text: string) => offerFor(chat, editorOf(text))?.from;

suite("Tab offers", () => {
  test("commands behind a slash that begins the text", () => {
    assert.deepEqual(options("/tr"), ["transfers ", "trust "]);
    assert.equal(from("/tr"), 1);
    assert.equal(options("/zz"), undefined);
    assert.equal(options("a /tr"), undefined);
    assert.ok((options("/") ?? []).length > 20);
  });

  test("groups behind /join, by their titles", () => {
    assert.deepEqual(options("/join my d"), ["my dogs"]);
    assert.equal(from("/join my d"), 6);
    assert.deepEqual(options("/join "), ["cats", "my dogs"]);
    assert.deepEqual(options("/join m\n"), undefined);
    assert.notDeepEqual(options("x/join my"), ["my dogs"]);
  });

  test("whom the user has met behind commands that take people, each behind a comma", () => {
    for (const command of ["add", "trust", "verify", "accept", "create"])
      assert.deepEqual(options(`/${command} c`), ["Carol"], command);
    assert.deepEqual(options("/add bob,  car"), ["Carol"]);
    assert.deepEqual(options("/add bob,car"), ["Carol"]);
    assert.equal(from("/add bob,  car"), 11);
    assert.deepEqual(options("/create My birds: car"), ["Carol"]);
    assert.deepEqual(options("/add "), ["Carol", "alice", "bob"]);
    assert.equal(options("x/add c"), undefined);
  });

  test("members behind commands that need some", () => {
    for (const command of ["remove", "promote", "demote"]) assert.deepEqual(options(`/${command} b`), ["bob"], command);
    assert.deepEqual(options("/remove alice,  b"), ["bob"]);
    assert.deepEqual(options("/remove alice,b"), ["bob"]);
    assert.equal(from("/remove alice,  b"), 16);
    assert.deepEqual(options("/remove "), ["alice", "bob"]);
    assert.equal(options("/remove c"), undefined, "Carol is no member");
    assert.deepEqual(options("x/remove b"), ["@bob "]);
  });

  test("members in a text, who are then mentioned", () => {
    assert.deepEqual(options("hi b"), ["@bob "]);
    assert.deepEqual(options("hi @b"), ["bob "]);
    assert.equal(from("hi @b"), 4);
    assert.deepEqual(options("hi @"), ["alice ", "bob "]);
    assert.equal(options("hi "), undefined);
    assert.equal(options(""), undefined);
    assert.deepEqual(options("hi bxx", 4), ["@bob "], "before the cursor alone");
  });

  test("nobody while no group is open", () => {
    assert.equal(offerFor(chatSession([]).chat, editorOf("@b")), undefined);
    assert.deepEqual(chatSession([]).type("@b").press("tab").draft, "");
  });
});

test("names are offered in order, whatever their case", () => {
  const upper = (name: string) => name.toUpperCase();
  assert.deepEqual(offer(["bob", "Bert", "alice", "bea"], "B", 3, upper), { from: 3, options: ["BERT", "BEA", "BOB"] });
  assert.equal(offer(["bob"], "x", 0, upper), undefined);
});

test("in a field of names the last one is completed, unless it is whole or not begun", () => {
  const names = ["alice", "bob", "bobby"];
  assert.deepEqual(nameOffer(names, editorOf("b")), { from: 0, options: ["bob", "bobby"] });
  assert.deepEqual(nameOffer(names, editorOf("bob,  al")), { from: 6, options: ["alice"] });
  assert.deepEqual(nameOffer(names, { text: "al, bob", cursor: 2 }), { from: 0, options: ["alice"] });
  assert.equal(nameOffer(names, editorOf("bob")), undefined);
  assert.equal(nameOffer(names, editorOf("bob, ")), undefined);
  assert.equal(nameOffer(names, editorOf("")), undefined);
});

test("names between commas lose their spaces and @, and each counts once", () => {
  assert.deepEqual(namesIn(" @bob, carol ,, bob,d@ve"), ["bob", "carol", "d@ve"]);
  assert.deepEqual(namesIn(" , "), []);
});
