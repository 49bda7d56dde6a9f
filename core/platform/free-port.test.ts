import assert from "node:assert/strict";
import { test } from "node:test";
import { countedPortMax, freePort } from "./free-port.ts";

/** A system that chooses these ports, one after the other, and then the last again and again. */
function choosing(...ports: readonly number[]) {
  const hosts: string[] = [];
  const choose = async (host: string) => {
    hosts.push(host);
    return ports[Math.min(hosts.length, ports.length) - 1] ?? 0;
  };
  return { hosts, choose };
}

test("the system chooses a port for an address that it has, and refuses another", async () => {
  const port = await freePort();
  assert.ok(port > 0 && port <= countedPortMax, `${port}`);
  // An address of documentation (RFC 5737).
  await assert.rejects(freePort("192.0.2.1"), { code: "EADDRNOTAVAIL" });
});

test("a port beyond the highest that a setting may name is not taken, and another is asked for", async () => {
  const { hosts, choose } = choosing(65_535, countedPortMax + 1, countedPortMax, 7400);
  assert.equal(await freePort("::1", choose), 65_000);
  assert.deepEqual(hosts, ["::1", "::1", "::1"]);
  const loopback = choosing(7400);
  assert.equal(await freePort(undefined, loopback.choose), 7400);
  assert.deepEqual(loopback.hosts, ["127.0.0.1"]);
});

test("a system that only chooses ports beyond it is given up after a hundred tries", async () => {
  const { hosts, choose } = choosing(65_001);
  await assert.rejects(freePort("127.0.0.1", choose), {
    message: "this system chose no port up to 65000 in 100 tries",
  });
  assert.equal(hosts.length, 100);
});
