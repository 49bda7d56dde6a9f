import assert from "node:assert/strict";
import { test } from "node:test";
import { isReplyTo, isRequest } from "./client-frame.ts";
import { groupId } from "./ids.ts";

test("a request is granted by the frame that stands beside it, and by no other", () => {
  assert.ok(isReplyTo("ping", { kind: "pong", request: 1 }));
  assert.ok(isReplyTo("logOut", { kind: "done", request: 1 }));
  assert.ok(!isReplyTo("ping", { kind: "done", request: 1 }));
  assert.ok(!isReplyTo("ping", { kind: "error", request: 1, code: "busy", detail: "" }));
});

test("a request has a number, and a post has none", () => {
  assert.ok(isRequest({ kind: "ping", request: 1 }));
  assert.ok(!isRequest({ kind: "open", group: groupId(7) }));
});
