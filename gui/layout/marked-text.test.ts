import assert from "node:assert/strict";
import { test } from "node:test";
import { marked } from "./marked-text.ts";

const members = new Set(["alice", "bob", "strasse"]);
const stylesIn = (text: string) =>
  marked(text, "text", members, "alice")
    .filter(({ style }) => style !== "text")
    .map((part) => [part.text, part.style]);

test("members' names behind @ stand out as whole words, one's own in another style", () => {
  assert.deepEqual(stylesIn("@Bob, ask @alice. Or @Straße!"), [
    ["@Bob", "mention"],
    ["@alice", "mentionOwn"],
    ["@Straße", "mention"],
  ]);
});

test("an address, a stranger, and a name within a link or code are no mentions", () => {
  assert.deepEqual(stylesIn("bob@alice, @carol"), []);
  assert.deepEqual(stylesIn("https://x.example/@bob, `@alice`"), [
    ["https://x.example/@bob", "link"],
    ["`@alice`", "code"],
  ]);
});
