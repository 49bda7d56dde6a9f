import assert from "node:assert/strict";
import { test } from "node:test";
import { refused } from "../../platform/result.ts";
import { refusal, refusalFor } from "./group-refusal.ts";

test("a refusal has its code and its words", () => {
  assert.deepEqual(refusal("cannot_seal", "no key"), refused({ code: "cannot_seal", detail: "no key" }));
});

test("the refusal of a request keeps the server's code and says what the request was needed for", () => {
  const busy = { code: "busy", detail: "too many at once", retryAfterMs: 5 } as const;
  assert.deepEqual(refusalFor("the log of climbing", busy), {
    ok: false,
    reason: { code: "busy", detail: "the log of climbing: too many at once" },
  });
});
