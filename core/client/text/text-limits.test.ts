import assert from "node:assert/strict";
import { test } from "node:test";
import { textLengthMax, textRefusal, titleRefusal } from "./text-limits.ts";

test("a text and a title have a length at most, and what is longer is refused with a code and its bound", () => {
  assert.equal(textRefusal("x".repeat(textLengthMax)), undefined);
  assert.deepEqual(textRefusal("x".repeat(textLengthMax + 1)), {
    code: "payload_too_large",
    detail: "a message has at most 16384 characters; this one has 16385",
  });
  assert.equal(titleRefusal("x".repeat(200)), undefined);
  assert.deepEqual(titleRefusal("x".repeat(201)), {
    code: "title_too_long",
    detail: "a group's name has at most 200 characters",
  });
});
