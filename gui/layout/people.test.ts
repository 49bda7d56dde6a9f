import assert from "node:assert/strict";
import { test } from "node:test";
import { alice, bob, catsFacts, chatSession, idOf } from "../testing/session.ts";
import { canonical, listed, memberNames, nameOf, nameOrYou, nickColours, nickStyle } from "./people.ts";

const { scene } = chatSession().chat;
const stranger = idOf.user(9);

test("a person is called by their name, by that in the group, or else by their number", () => {
  const facts = { ...catsFacts, members: [{ user: stranger, name: "sam\u001b", admin: false }] };
  assert.equal(nameOf(scene, undefined, bob), "bob");
  assert.equal(nameOf(scene, facts, stranger), "sam␛");
  assert.equal(nameOf(scene, undefined, stranger), "#9");
  assert.equal(nameOf({ ...scene, people: new Map() }, undefined, alice), "alice");
  assert.deepEqual([nameOrYou(scene, facts, alice), nameOrYou(scene, facts, bob)], ["you", "bob"]);
});

test("names are listed, and of many the first and how many more there are", () => {
  assert.equal(listed([]), "");
  assert.equal(listed(["alice"]), "alice");
  assert.equal(listed(["alice", "bob"]), "alice and bob");
  assert.equal(listed(["a", "b", "c", "d", "e"]), "a, b, c, d and e");
  assert.equal(listed(["a", "b", "c", "d", "e", "f"]), "a, b, c, d and 2 more");
  assert.equal(listed(["a", "b", "c"], 2), "a and 2 more");
});

test("neighbours in a list of users have colours far apart, and there are twelve", () => {
  const styles = Array.from({ length: nickColours }, (_, user) => nickStyle(idOf.user(user + 1)));
  assert.equal(new Set(styles).size, 12);
  assert.deepEqual(styles.slice(0, 3), ["nick7", "nick2", "nick9"]);
});

test("a name that is invalid is nobody's that can be mentioned", () => {
  assert.equal(canonical("Alice"), "alice");
  assert.equal(canonical("mallory\u001b"), "");
  assert.deepEqual([...memberNames({ ...catsFacts })], ["alice", "bob"]);
});
