import assert from "node:assert/strict";
import { test } from "node:test";
import { Proxies } from "../../server/transport/proxies.ts";
import { type Reach, reachableAt } from "./reachable-url.ts";

const trustedProxies = ["10.0.0.1"];
const several: Reach = { isPublic: false, isLone: false, proxies: new Proxies({ trustedProxies }) };
const asked = (host: string | undefined, of: Record<string, string> = {}, remoteAddress = "192.0.2.7") => ({
  header: (name: string) => (name === "host" ? host : of[name]),
  remoteAddress,
});

test("a server that listens on every address is reached under the host name of the request", () => {
  for (const [url, host, reached] of [
    ["ws://0.0.0.0:7401/v1", "chat.example:7400", "ws://chat.example:7401/v1"],
    ["wss://[::]:7401/v1", "[2001:db8::1]:7400", "wss://[2001:db8::1]:7401/v1"],
  ] as const)
    assert.deepEqual(reachableAt(url, asked(host), several), { url: reached });
});

test("a server with an address keeps it, whatever the request's host is", () => {
  const url = "ws://10.0.0.5:7401/v1";
  assert.deepEqual(reachableAt(url, asked("chat.example"), several), { url });
});

test("a request without a valid host gets the URL as it is", () => {
  for (const host of [undefined, "", "a b", "//"])
    assert.equal(reachableAt("ws://0.0.0.0:7401/v1", asked(host), several).url, "ws://0.0.0.0:7401/v1");
});

test("a public URL is answered as it is, to whomever", () => {
  const reach = { ...several, isPublic: true, isLone: true };
  const url = "wss://chat.example/x/v1";
  for (const from of ["192.0.2.7", "10.0.0.1"])
    assert.deepEqual(reachableAt(url, asked("a", {}, from), reach), { url });
});

test("one server alone is where the client has asked, whatever it is called there", () => {
  const url = "ws://127.0.0.1:7400/v1";
  const at = reachableAt(url, asked("chat.example"), { ...several, isLone: true });
  assert.deepEqual(at, { url, relative: "v1" });
});

test("through a trusted proxy clients are sent to where it was asked, and what others say is not believed", () => {
  const url = "ws://127.0.0.1:7401/v1";
  const said = { "x-forwarded-host": "chat.example:8443", "x-forwarded-proto": "https", "x-forwarded-prefix": "/x/" };
  const through = (of: Record<string, string>, from = "10.0.0.1") =>
    reachableAt(url, asked("127.0.0.1", of, from), several);
  const relative = "v1";
  assert.deepEqual(through(said), { url: "wss://chat.example:8443/x/v1", relative });
  const inClear = { ...said, "x-forwarded-proto": "http", "x-forwarded-prefix": "" };
  assert.deepEqual(through(inClear), { url: "ws://chat.example:8443/v1", relative });
  for (const of of [{}, { ...said, "x-forwarded-host": "a b" }, { "x-forwarded-proto": "https" }]) {
    assert.deepEqual(through(of), { url, relative });
  }
  assert.deepEqual(through(said, "192.0.2.7"), { url });
});
