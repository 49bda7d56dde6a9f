import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { pickOne, type Random, seededRandom } from "../platform/random.ts";
import { givenSeed } from "../testing/chaos.ts";
import { startCommand, untilItServes } from "../testing/command-line.ts";
import { freshDatabase } from "../testing/database.ts";
import { RawConnection, upgradeRequest } from "../testing/raw-connection.ts";
import { serversAt } from "../testing/server-url.ts";
import { transportsHere } from "../testing/transports-here.ts";
import { until } from "../testing/until.ts";

const scratch = mkdtempSync(path.join(tmpdir(), "abused-sockets-test-"));
after(() => rmSync(scratch, { recursive: true, force: true }));

const seed = givenSeed() ?? Math.floor(Math.random() * 2 ** 31);
const socketsMax = 2500;

const request = (line: string, ...fields: readonly string[]) =>
  `${[`${line} HTTP/1.1`, "Host: localhost", ...fields].join("\r\n")}\r\n\r\n`;
const upload = "PUT /v1/groups/1/attachments/x";

/** What clients send that know the protocols, or do not, or mean harm. */
const sayings: readonly string[] = [
  "",
  "\r\n\r\n",
  "GET /healthz HTTP/1.1\r\nHo",
  "GET /healthz HTTP/1.0\r\n\r\n",
  ...["/healthz", "/readyz", "/metrics", "/assign", "/servers", "/nowhere"].map((target) => request(`GET ${target}`)),
  request("GET /healthz") + request("GET /metrics"),
  request("GET /healthz") + upgradeRequest(),
  request("GET /healthz", "Connection: close"),
  request("HEAD /healthz"),
  request("PUT /healthz", "Content-Length: 3"),
  request(upload, "Content-Length: 10"),
  `${request(upload, "Content-Length: 10")}0123456789${request("GET /healthz")}`,
  `${request(upload, "Transfer-Encoding: chunked")}5\r\nhello\r\n`,
  `${request(upload, "Transfer-Encoding: chunked")}5\r\nhello\r\n0\r\n\r\n${request("GET /healthz")}`,
  "\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003",
  upgradeRequest(),
  upgradeRequest(),
];

/** Opens many sockets; each sends something, as a whole or in two pieces, and most are closed in the middle of it. */
async function abuse(ports: readonly number[], random: Random): Promise<void> {
  const open: RawConnection[] = [];
  const halves: (() => void)[] = [];
  for (let opened = 0; opened < socketsMax; ) {
    const burst = Array.from({ length: 1 + random.below(25) }, () => new RawConnection(pickOne(random, ports)));
    opened += burst.length;
    await Promise.all(burst.map((one) => one.connected().catch(() => {})));
    for (const one of burst) {
      const saying = pickOne(random, sayings);
      const half = random.below(2) === 0 ? saying.length : random.below(saying.length + 1);
      one.send(saying.slice(0, half));
      if (half < saying.length) halves.push(() => one.send(saying.slice(half)));
      else if (random.below(3) === 0) halves.push(() => one.send(pickOne(random, sayings)));
      open.push(one);
    }
    while (halves.length > 20) halves.splice(random.below(halves.length), 1)[0]?.();
    while (open.length > 150) open.splice(random.below(open.length), 1)[0]?.destroy();
  }
  for (const one of open) one.destroy();
}

for (const transport of transportsHere) {
  test(`servers that may open few sockets live on, whatever clients do with them (${transport})`, {
    skip: process.platform === "win32",
  }, async (t) => {
    t.diagnostic(`TEST_SEED=${seed}`);
    const where = ["--port", "0", "--database", await freshDatabase(), "--data-dir", path.join(scratch, transport)];
    const command = startCommand(["serve", "--servers", "2", "--transport", transport, ...where], {
      cwd: scratch,
      descriptorsMax: 250,
    });
    const target = await untilItServes(command);
    const front = `http://${target}`;
    const servers = await serversAt(target);
    await abuse(
      [front, ...servers.map(({ url }) => url)].map((url) => Number(new URL(url).port)),
      seededRandom(seed),
    );
    await until(async () => (await fetch(`${front}/healthz`)).status === 200, "it is well");
    command.child.kill("SIGINT");
    assert.equal(await command.ended, 0, command.err());
  });
}
