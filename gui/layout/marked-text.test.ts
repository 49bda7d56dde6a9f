import assert from "node:assert/strict";
import { test } from "node:test";
import { textOfLine } from "./line.ts";
import { marked, wrapSpans } from "./marked-text.ts";

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
  const unknown = marked("@bob, @alice", "text", new Set(), "alice").map((part) => [part.text, part.style]);
  assert.deepEqual(unknown, [
    ["@bob, ", "text"],
    ["@alice", "mentionOwn"],
  ]);
});

test("an address, a stranger, and a name within a link or code are no mentions", () => {
  assert.deepEqual(stylesIn("bob@alice, @carol"), []);
  assert.deepEqual(stylesIn("https://x.example/@bob, `@alice`"), [
    ["https://x.example/@bob", "link"],
    ["`@alice`", "code"],
  ]);
  const underlined = marked("https://x.example/@bob_", "text", new Set(["bob_"]), "alice");
  assert.deepEqual(
    underlined.map((part) => [part.text, part.style]),
    [
      ["https://x.example/@bob", "link"],
      ["_", "text"],
    ],
    "nor is the end of a name that begins in a link",
  );
});

test("links end before the punctuation behind them, and code at its mark", () => {
  assert.deepEqual(stylesIn("see https://x.example/a_b?c=1. (http://y.example/),"), [
    ["https://x.example/a_b?c=1", "link"],
    ["http://y.example/", "link"],
  ]);
  assert.deepEqual(stylesIn("https://x.example!?;:'-_)]"), [["https://x.example", "link"]]);
  assert.deepEqual(stylesIn('"https://x.example" <http://y.example>'), [
    ["https://x.example", "link"],
    ["http://y.example", "link"],
  ]);
  assert.deepEqual(stylesIn("ftp://x.example httpx://"), []);
  assert.deepEqual(stylesIn("`one` two `three\nfour`"), [["`one`", "code"]]);
  assert.deepEqual(stylesIn("```a\n`b` c``` d"), [["```a\n`b` c```", "code"]]);
  assert.deepEqual(stylesIn("```` ````"), [["```` ```", "code"]]);
});

test("no letter of a text is lost or doubled by what stands out in it", () => {
  const text = "a `b @bob` @alice https://x.example/@bob. c";
  const spans = marked(text, "dim", members, "alice");
  assert.equal(textOfLine(spans), text);
  assert.deepEqual(
    spans.map(({ style }) => style),
    ["dim", "code", "dim", "mentionOwn", "dim", "link", "dim"],
  );
});

test("spans are broken together, each keeps what it is, and no line ends in the space at which it was broken", () => {
  const spans = [
    { text: "one ", style: "text" },
    { text: "two three", style: "code" },
    { text: " four", style: "link", ground: "bar" },
  ] as const;
  assert.deepEqual(wrapSpans(spans, 8), [
    [
      { text: "one ", style: "text" },
      { text: "two", style: "code" },
    ],
    [
      { text: "three", style: "code" },
      { text: "", style: "link", ground: "bar" },
    ],
    [{ text: "four", style: "link", ground: "bar" }],
  ]);
  const [one, three] = [{ text: "one two ", style: "text" } as const, { text: "three", style: "code" } as const];
  assert.deepEqual(wrapSpans([one, three], 8), [[{ text: "one two", style: "text" }], [three]]);
  assert.deepEqual(wrapSpans([], 8), [[]]);
});
