import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, suite, test } from "node:test";
import { z } from "zod";
import { dialAssigned } from "../client/socket/dial.ts";
import { httpAsk } from "../client/socket/http.ts";
import { freePort } from "../platform/free-port.ts";
import type { TransportName } from "../server/transport/transport.ts";
import { deploy } from "../testing/deployment.ts";
import { filesOf } from "../testing/files.ts";
import { groupOf, person } from "../testing/person.ts";
import { hasProxy, type ProxyName, proxyNames, startProxy } from "../testing/real-proxies.ts";
import { transportsHere } from "../testing/transports-here.ts";
import { until } from "../testing/until.ts";
import { devCertificate } from "./tls/dev-certificates.ts";

const scratch = mkdtempSync(path.join(tmpdir(), "behind-proxies-"));
after(() => rmSync(scratch, { recursive: true, force: true }));
const certificate = devCertificate(path.join(scratch, "tls"), "localhost", new Date());
const tls = { authority: readFileSync(path.join(scratch, "tls", "authority.pem"), "utf8") };
let names = 0;

/** Two people who know only this address sign up there, write to each other and send a file. */
async function chatAt(address: string): Promise<void> {
  const [alice, bob] = [
    await person(address, `alice${names++}`, { tls }),
    await person(address, `bob${names++}`, { tls }),
  ];
  const group = await groupOf(alice, bob);
  assert.ok((await alice.say(group, "through a proxy")).ok);
  await until(() => bob.texts(group).includes("through a proxy"), "bob has read it");
  const file = path.join(scratch, `file${names++}`);
  writeFileSync(file, Buffer.alloc(200_000, "some bytes"));
  assert.ok((await filesOf(alice, address, { tls }).send(group, file)).ok);
  const received = () => bob.messages.map(({ content }) => content).find(({ kind }) => kind === "file");
  await until(() => received() !== undefined, "bob has it");
  const content = received();
  assert.ok(content?.kind === "file");
  const read = await filesOf(bob, address, { tls }).read(content);
  assert.ok(read.ok && read.value.length === 200_000);
}

const assignedAt = async (address: string) => {
  const dialled = await dialAssigned(address, tls)();
  assert.ok(dialled.ok, JSON.stringify(dialled));
  return dialled.value;
};

function inFrontOf(proxy: ProxyName, transport: TransportName): void {
  test("one server needs no setting: answers are relative to what was asked", async () => {
    const { cluster } = await deploy({ transport });
    const routes = [{ prefix: "/fastchat", strips: true, ports: [cluster.port] }];
    const address = `https://127.0.0.1:${await startProxy(proxy, certificate, routes)}/fastchat`;
    assert.equal(await assignedAt(address), `${address.replace("https", "wss")}/v1`);
    await chatAt(address);
  });

  for (const isSticky of [true, false]) {
    test(`several servers are told apart by their path, which the proxy does not strip, ${isSticky ? "sticky" : "in turn"}`, async () => {
      const port = await freePort();
      const publicUrl = `https://127.0.0.1:${port}/chat/{server}`;
      const { cluster } = await deploy({ transport, servers: 2, publicUrl });
      const servers = cluster.serverPorts.map((of, i) => ({ prefix: `/chat/s${i}`, strips: false, ports: [of] }));
      const all = { prefix: "/chat", strips: false, ports: cluster.serverPorts, isSticky };
      await startProxy(proxy, certificate, [...servers, all], port);
      const address = `https://127.0.0.1:${port}/chat`;
      const assigned = new Set<string>();
      for (let i = 0; i < 4; i++) assigned.add(await assignedAt(address));
      assert.deepEqual([...assigned].sort(), [
        `wss://127.0.0.1:${port}/chat/s0/v1`,
        `wss://127.0.0.1:${port}/chat/s1/v1`,
      ]);
      await chatAt(address);
    });
  }

  test("servers send clients to where a trusted proxy says that it was asked", async () => {
    const { cluster } = await deploy({ transport, trustedProxies: "127.0.0.1" });
    const routes = [{ prefix: "/fastchat", strips: true, ports: [cluster.port], forwards: true }];
    const address = `https://127.0.0.1:${await startProxy(proxy, certificate, routes)}/fastchat`;
    const { body } = await httpAsk(new URL(`${address}/assign`), 10_000, { tls });
    const { url, relative } = z.object({ url: z.string(), relative: z.string() }).parse(JSON.parse(body.toString()));
    assert.deepEqual([url, relative], ["wss://chat.example:8443/from/outside/v1", "v1"]);
  });
}

for (const proxy of proxyNames) {
  for (const transport of transportsHere) {
    suite(`behind ${proxy}, over ${transport}`, { skip: hasProxy(proxy) ? false : `${proxy} is not installed` }, () =>
      inFrontOf(proxy, transport),
    );
  }
}

if (transportsHere.includes("uws")) {
  for (const proxy of proxyNames) {
    test(`several servers over uws share a public URL behind ${proxy}`, {
      skip: hasProxy(proxy) ? false : `${proxy} is not installed`,
    }, async () => {
      const port = await freePort();
      const address = `https://127.0.0.1:${port}/chat`;
      const { cluster } = await deploy({ servers: 2, publicUrl: address });
      await startProxy(proxy, certificate, [{ prefix: "/chat", strips: false, ports: [cluster.port] }], port);
      assert.equal(await assignedAt(address), `wss://127.0.0.1:${port}/chat/v1`);
      await chatAt(address);
    });
  }
}

test("settings about proxies that cannot work are refused with a code before anything is started", async () => {
  const nothing = "/nowhere/to/be/written";
  for (const [settings, code] of [
    [{ publicUrl: "chat.example" }, "public_url_invalid"],
    [{ publicUrl: "https://chat.example/?a" }, "public_url_invalid"],
    [{ trustedProxies: "localhost" }, "trusted_proxies_invalid"],
    [{ transport: "ws", servers: 2, publicUrl: "https://chat.example" }, "public_url_incomplete"],
    [{ transport: "ws", servers: 2, trustedProxies: "10.0.0.0/8" }, "public_url_incomplete"],
  ] as const) {
    await assert.rejects(deploy({ ...settings, database: nothing }), { code });
  }
});
