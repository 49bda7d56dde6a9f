import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import type { Socket } from "node:net";
import { after, test } from "node:test";
import { Failure } from "../../platform/failure.ts";
import { portOf } from "../../testing/port-of.ts";
import { until } from "../../testing/until.ts";
import { deploymentUrl } from "./deployment-url.ts";
import { dialAssigned, parseAssignment } from "./dial.ts";

const servers: Server[] = [];
after(() => {
  for (const server of servers) server.close();
});

async function answering(
  status: number,
  body: string,
  connected: (socket: Socket) => void = () => {},
): Promise<string> {
  const server = createServer((_, response) => response.writeHead(status).end(body));
  server.on("connection", connected);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `127.0.0.1:${portOf(server)}`;
}

test("the address of a deployment may be written in any of the usual ways", () => {
  for (const [written, meant] of [
    ["chat.example:7400", "http://chat.example:7400"],
    ["http://chat.example:7400", "http://chat.example:7400"],
    ["ws://chat.example:7400/v1", "http://chat.example:7400"],
    ["wss://chat.example", "https://chat.example"],
    ["[::1]:7400", "http://[::1]:7400"],
    ["https://chat.example/fast/chat", "https://chat.example/fast/chat"],
    ["wss://chat.example/fastchat/v1/?a#b", "https://chat.example/fastchat"],
  ] as const) {
    assert.equal(deploymentUrl(written).href, `${meant}/`);
  }
});

test("an IPv6 address without brackets is refused, and the advice is to write them", () => {
  for (const address of ["::1:7400", "fe80::1", "http://2001:db8::1:7400"]) {
    assert.throws(
      () => deploymentUrl(address),
      (cause) => {
        assert.ok(cause instanceof Failure && cause.code === "address_invalid");
        return /brackets/.test(cause.advice);
      },
    );
  }
  assert.throws(
    () => deploymentUrl("a:b:zz"),
    (cause) => cause instanceof Failure && /host:port/.test(cause.advice),
  );
});

test("the server that is assigned is dialled", async () => {
  const dialled = await dialAssigned(
    await answering(200, JSON.stringify({ url: "ws://127.0.0.1:9/v1", strategy: "random" })),
  )();
  assert.deepEqual(dialled, { ok: true, value: "ws://127.0.0.1:9/v1" });
});

test("an answer that names no server is refused, and the reason names the address that was asked", async () => {
  for (const [status, body, reason] of [
    [503, "no_server", /answers 503/],
    [200, "{}", /does not name a server/],
    [200, '{"url":"http://not.a.socket"}', /does not name a server/],
    [200, "not json", /does not answer/],
  ] as const) {
    const dialled = await dialAssigned(await answering(status, body))();
    assert.ok(!dialled.ok);
    assert.equal(dialled.reason.code, "offline");
    assert.match(dialled.reason.detail, reason);
  }
  const nobody = await dialAssigned("127.0.0.1:1")();
  assert.ok(!nobody.ok && /does not answer/.test(nobody.reason.detail));
});

test("a server is named by a whole URL, and by one relative to the deployment's address where that leads to it, too", () => {
  const url = "ws://127.0.0.1:7400/v1";
  for (const [relative, at, meant] of [
    [undefined, "http://chat.example", url],
    ["v1", "http://chat.example:7400", "ws://chat.example:7400/v1"],
    ["v1", "https://chat.example/fastchat", "wss://chat.example/fastchat/v1"],
    ["s1/v1", "https://chat.example/fastchat", "wss://chat.example/fastchat/s1/v1"],
    ["/v1", "https://chat.example/fastchat", "wss://chat.example/v1"],
    ["//other.example/v1", "https://chat.example/fastchat", "wss://other.example/v1"],
  ] as const) {
    assert.deepEqual(parseAssignment({ url, relative }, deploymentUrl(at)), { ok: true, value: meant });
  }
  for (const wrong of [
    { url: "v1" },
    { url, relative: "" },
    { url, relative: "http://a.example/v1" },
    { url, relative: 7 },
  ]) {
    assert.equal(parseAssignment(wrong, deploymentUrl("chat.example")).ok, false, JSON.stringify(wrong));
  }
});

test("a client that asked under TLS takes no URL in clear, and one that asked in clear takes either", () => {
  const answerAt = (base: string, url: string) => parseAssignment({ url }, new URL(base)).ok;
  const [clear, sealed] = ["ws://a.example/v1", "wss://a.example/v1"];
  assert.deepEqual([answerAt("https://a.example", clear), answerAt("https://a.example", sealed)], [false, true]);
  assert.deepEqual([answerAt("http://a.example", clear), answerAt("http://a.example", sealed)], [true, true]);
});

test("each dial has a connection of its own, which ends with the answer", async () => {
  let connections = 0;
  let ended = 0;
  const address = await answering(200, JSON.stringify({ url: "ws://127.0.0.1:9/v1" }), (socket) => {
    connections++;
    socket.once("close", () => ended++);
  });
  for (let dial = 0; dial < 3; dial++) assert.ok((await dialAssigned(address)()).ok);
  const dials = await Promise.all(Array.from({ length: 3 }, dialAssigned(address)));
  assert.ok(dials.every(({ ok }) => ok));
  assert.equal(connections, 6);
  await until(() => ended === 6, "all have ended");
});
