import assert from "node:assert/strict";
import { test } from "node:test";
import { Proxies, proxiesAt } from "./proxies.ts";

test("proxies are named by addresses and networks, and by nothing else", () => {
  assert.ok(proxiesAt([]));
  assert.ok(proxiesAt(["127.0.0.1", "10.0.0.0/8", "::1", "fd00::/8", "0.0.0.0/0"]));
  for (const wrong of [
    "",
    "localhost",
    "10.0.0.0/33",
    "::1/129",
    "10.0.0.0/",
    "10.0.0.0/8/8",
    "10.0.0.0/-1",
    "10.0.0/8",
  ])
    assert.equal(proxiesAt(["127.0.0.1", wrong]), undefined, wrong);
});

test("only the proxies that are named are trusted, also where they come over IPv6", () => {
  const proxies = new Proxies({ trustedProxies: ["10.0.0.0/8", "::1"] });
  for (const [address, isTrusted] of [
    ["10.9.9.9", true],
    ["::ffff:10.9.9.9", true],
    ["::1", true],
    ["11.0.0.1", false],
    ["::2", false],
    ["", false],
    ["nobody", false],
  ] as const)
    assert.equal(proxies.trusts(address), isTrusted, address);
  assert.equal(new Proxies({}).trusts("127.0.0.1"), false);
});

test("a client is the last hop before the trusted proxies, and cannot say that it is another", () => {
  const proxies = new Proxies({ trustedProxies: ["10.0.0.0/8"] });
  for (const [peer, hops, client] of [
    ["192.0.2.1", ["203.0.113.5"], "192.0.2.1"],
    ["10.0.0.1", ["203.0.113.5"], "203.0.113.5"],
    ["10.0.0.1", ["1.1.1.1, 203.0.113.5, 10.0.0.2"], "203.0.113.5"],
    ["10.0.0.1", ["1.1.1.1", "203.0.113.5"], "203.0.113.5"],
    ["10.0.0.1", [], "10.0.0.1"],
    ["10.0.0.1", ["unknown"], "10.0.0.1"],
    ["10.0.0.1", ["10.0.0.3"], "10.0.0.3"],
  ] as const)
    assert.equal(proxies.clientOf(peer, hops), client, `${peer} ${hops.join()}`);
});

test("a path is the same with the prefix of a proxy and without it", () => {
  const proxies = new Proxies({ pathPrefixes: ["/chat/s0", "/chat"] });
  for (const [path, inside] of [
    ["/v1", "/v1"],
    ["/chat/v1", "/v1"],
    ["/chat/s0/v1", "/v1"],
    ["/chat", "/"],
    ["/chatter/v1", "/chatter/v1"],
  ] as const)
    assert.equal(proxies.inside(path), inside);
  assert.deepEqual(proxies.outside("/v1"), ["/v1", "/chat/s0/v1", "/chat/v1"]);
  assert.deepEqual(new Proxies({}).outside("/v1"), ["/v1"]);
});
