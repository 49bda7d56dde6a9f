import assert from "node:assert/strict";
import { test } from "node:test";
import { reachableUrl } from "./reachable-url.ts";

const asked = (host: string | undefined) => ({ header: () => host });

test("a server that listens on every address is reached under the host name of the request", () => {
  assert.equal(reachableUrl("ws://0.0.0.0:7401/v1", asked("chat.example:7400")), "ws://chat.example:7401/v1");
  assert.equal(reachableUrl("wss://[::]:7401/v1", asked("[2001:db8::1]:7400")), "wss://[2001:db8::1]:7401/v1");
});

test("a server with an address keeps it, whatever the request's host is", () => {
  assert.equal(reachableUrl("ws://10.0.0.5:7401/v1", asked("chat.example")), "ws://10.0.0.5:7401/v1");
});

test("a request without a valid host gets the URL as it is", () => {
  for (const host of [undefined, "", "a b", "//"])
    assert.equal(reachableUrl("ws://0.0.0.0:7401/v1", asked(host)), "ws://0.0.0.0:7401/v1");
});
