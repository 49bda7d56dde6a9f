import assert from "node:assert/strict";
import { test } from "node:test";
import { accepted, refused, valueOf } from "./result.ts";

test("the value of what was accepted is there, and that of a refusal is an error with its reason", () => {
  assert.equal(valueOf(accepted(7)), 7);
  assert.throws(() => valueOf(refused("busy")), { message: "refused: busy", cause: "busy" });
  const reason = { code: "too_long", max: 5 };
  assert.throws(() => valueOf(refused(reason)), { message: 'refused: {"code":"too_long","max":5}', cause: reason });
});
