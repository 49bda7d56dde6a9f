import assert from "node:assert/strict";
import { test } from "node:test";
import { codeOf, Failure, messageOf } from "./failure.ts";

test("a failure has its code, what happened, what to do about it, and its cause where there is one", () => {
  const cause = new Error("disk full");
  const failure = new Failure("unwritable", "the file was not written", "make room", cause);
  assert.deepEqual(
    [failure.name, failure.code, failure.message, failure.advice],
    ["Failure", "unwritable", "the file was not written", "make room"],
  );
  assert.equal(failure.cause, cause);
  assert.equal("cause" in new Failure("unwritable", "the file was not written", "make room"), false);
});

test("only an error has a code, and only a text is one", () => {
  assert.equal(codeOf(Object.assign(new Error("away"), { code: "ENOENT" })), "ENOENT");
  assert.equal(codeOf(new Failure("gone", "it has ended", "start it")), "gone");
  for (const thrown of [
    new Error("away"),
    Object.assign(new Error("away"), { code: 5 }),
    { code: "ENOENT" },
    "x",
    null,
  ])
    assert.equal(codeOf(thrown), undefined);
});

test("whatever is thrown has a message", () => {
  assert.equal(messageOf(new RangeError("too large")), "too large");
  assert.equal(messageOf("just a text"), "just a text");
  assert.equal(messageOf(undefined), "undefined");
});
