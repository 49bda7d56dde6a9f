import assert from "node:assert/strict";
import { test } from "node:test";
import { mentions, mentionsIn } from "./mentions.ts";

test("a name behind @ names its user, in any case and wherever a sentence ends", () => {
  for (const text of [
    "@alice",
    "hello @Alice, hello",
    "(@ALICE)",
    "it was @alice.",
    "@alice...",
    "¿@ａlice?",
    "@bob @alice",
  ]) {
    assert.ok(mentions(text, "alice"), text);
  }
  for (const text of ["alice", "@ alice", "@alice-b", "@alice.b.", "@alice2", "mail@alice", "@bob", "", "@"]) {
    assert.ok(!mentions(text, "alice"), text);
  }
});

test("a name of any script, and one that ends with a dot, are named whole", () => {
  assert.ok(mentions("ask @Straße!", "strasse"));
  assert.ok(mentions("@山田さん", "山田さん"));
  assert.ok(!mentions("@山田さんへ", "山田さん"));
  assert.ok(mentions("@7up", "7up"));
  assert.ok(mentions("@a.b.", "a.b."));
  assert.ok(mentions("@a.b.", "a.b"));
});

test("a long text that names nobody is read in a moment", () => {
  assert.ok(!mentions("@a".repeat(30_000), "alice"));
  assert.ok(!mentions(`@a${".".repeat(60_000)}`, "alice"));
});

test("a mention covers exactly the name, without the punctuation after it", () => {
  const isWanted = (name: string) => ["alice", "bob", "b.ob"].includes(name);
  const found = [...mentionsIn("mail bob@alice, or ask @Alice. @B.ob-", isWanted)];
  assert.deepEqual(found, [
    { from: 23, to: 29, name: "alice" },
    { from: 31, to: 36, name: "b.ob" },
  ]);
});
