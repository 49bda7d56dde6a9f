import assert from "node:assert/strict";
import { test } from "node:test";
import { parseBindings } from "./bindings.ts";

test("no key of the defaults means two things in one context", () => {
  const parsed = parseBindings("{}");
  assert.ok(parsed.ok, parsed.ok ? "" : parsed.reason);
});

test("a file that gives one key to two actions of a context is refused, with the key and both", () => {
  assert.deepEqual(parseBindings('{"help": ["f5"], "settings": ["f5"]}'), {
    ok: false,
    reason: "f5 cannot be both help and settings",
  });
});
