import assert from "node:assert/strict";
import { test } from "node:test";
import { type ListItems, parseCommaList } from "./comma-list.ts";
import { accepted, refused } from "./result.ts";

const fruits: ListItems<string> = {
  parse: (text) => (/^(apple|pear|plum)$/.test(text) ? accepted(text) : refused("one of apple, pear, plum")),
  choice: "fruits",
  example: "pear,apple",
};

test("a list keeps the order in which it is written", () => {
  assert.deepEqual(parseCommaList("plum,apple", fruits), { ok: true, value: ["plum", "apple"] });
  assert.deepEqual(parseCommaList("pear", fruits), { ok: true, value: ["pear"] });
});

test("an item that is empty, repeated, unknown or has a space in it is refused with a sentence that lists the allowed ones", () => {
  for (const [text, wrong] of [
    ["", "the list is empty"],
    ["plum,", "an item is empty"],
    [",plum", "an item is empty"],
    ["plum,,pear", "an item is empty"],
    ["plum, pear", '" pear" has a space in it'],
    ["plum,cherry", '"cherry" is not allowed'],
    ["PLUM", '"PLUM" is not allowed'],
    ["plum,pear,plum", '"plum" is there twice'],
  ] as const) {
    const parsed = parseCommaList(text, fruits);
    assert.ok(!parsed.ok, text);
    const there =
      "Write fruits with commas and no spaces between, such as pear,apple: each is one of apple, pear, plum.";
    assert.equal(parsed.reason, `${wrong}. ${there}`);
  }
});
