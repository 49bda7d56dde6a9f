import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { tmpdir } from "node:os";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { devCertificate } from "../../core/cluster/tls/dev-certificates.ts";
import { Failure } from "../../core/platform/failure.ts";
import { FakeClock } from "../../core/testing/fake-clock.ts";
import { portOf } from "../../core/testing/port-of.ts";
import {
  cpuSecondsBetween,
  type DeploymentReading,
  listAllServers,
  listServers,
  parseMetrics,
  parseServerList,
  readDeployment,
  serverReading,
} from "./deployment-probe.ts";

const reading = (...servers: readonly (readonly [server: string, process: string, cpuSeconds: number])[]) => ({
  servers: servers.map(([server, process, cpuSeconds]): DeploymentReading["servers"][number] => ({
    server,
    process,
    cpuSeconds,
    connections: 0,
    acknowledged: 0,
    deliveries: 0,
    crossServerCopies: 0,
    slowConsumers: 0,
    loopLagP99Ms: 0,
    residentBytes: 0,
  })),
});

test("the CPU of a deployment is that of its processes, each counted once however many servers it runs", () => {
  const before = reading(["s0", "host 1", 10], ["s1", "host 1", 10], ["s2", "host 2", 4]);
  const after = reading(["s0", "host 1", 13], ["s1", "host 1", 13], ["s2", "host 2", 4.5]);
  assert.equal(cpuSecondsBetween(before, after), 3.5);
});

test("a process that was started between the readings, or has gone, is left out: what it used is not known", () => {
  const before = reading(["s0", "host 1", 10], ["s1", "host 2", 50]);
  const after = reading(["s0", "host 1", 12], ["s1", "host 3", 7], ["s2", "host 4", 9]);
  assert.equal(cpuSecondsBetween(before, after), 2);
});

test("a process counts by its first server that is in both readings", () => {
  const before = reading(["s0", "host 1", 10], ["s1", "host 1", 4], ["s2", "host 1", 1]);
  const after = reading(["s1", "host 1", 7], ["s2", "host 1", 4]);
  assert.equal(cpuSecondsBetween(before, after), 3);
});

test("a server's figures are those of its metrics, in their units; the lag is the 99th percentile", () => {
  const text = `# HELP process_cpu_seconds_total Total user and system CPU time spent in seconds.
# TYPE process_cpu_seconds_total counter
process_cpu_user_seconds_total{server="s3"} 20
process_cpu_system_seconds_total{server="s3"} 5.5
process_cpu_seconds_total{server="s3"} 25.5
process_resident_memory_bytes{server="s3"} 1048576
fastchat_process_id{server="s3"} 4321
fastchat_sends_total{server="s3"} 111
fastchat_acknowledged_total{server="s3"} 100
fastchat_deliveries_total{server="s3"} 900
fastchat_cross_server_copies_total{server="s3"} 70
fastchat_backpressure_disconnects_total{server="s3"} 2
fastchat_connections{server="s3"} 50
fastchat_loop_lag_seconds{quantile="0.5",server="s3"} 0.001
fastchat_loop_lag_seconds{quantile="0.99",server="s3"} 0.0125
fastchat_loop_lag_seconds{quantile="1",server="s3"} 0.5
`;
  assert.deepEqual(serverReading("s3", "10.0.0.5", text), {
    server: "s3",
    process: "10.0.0.5 4321",
    cpuSeconds: 25.5,
    connections: 50,
    acknowledged: 100,
    deliveries: 900,
    crossServerCopies: 70,
    slowConsumers: 2,
    loopLagP99Ms: 12.5,
    residentBytes: 1024 * 1024,
  });
});

test("two hosts' processes with one number are two processes", () => {
  const text = "fastchat_process_id 7\n";
  assert.notEqual(serverReading("s0", "host-1", text).process, serverReading("s1", "host-2", text).process);
});

/** A web server that answers these paths, until the test ends; an answer may change from one time to the next. */
async function answering(
  context: TestContext,
  answers: Readonly<Record<string, () => { status?: number; body: string }>>,
) {
  const http = createServer(({ url = "" }, response) => {
    const { status = 200, body } = answers[url]?.() ?? { status: 404, body: "nothing here" };
    response.writeHead(status, { connection: "close" }).end(body);
  }).listen(0, "127.0.0.1");
  await once(http, "listening");
  context.after(() => void http.close());
  return `127.0.0.1:${portOf(http)}`;
}

const listOf = (...names: readonly string[]) =>
  JSON.stringify(names.map((server) => ({ server, url: `ws://${server}:7401/v1` })));

test("a server that answers with an error, or with something else, has no figures, and the failure says what it answered", async (context) => {
  const target = await answering(context, {
    "/metrics": () => ({ status: 503, body: "too busy\n" }),
    "/servers": () => ({ body: '{"server":"s0"}' }),
  });
  const url = `http://${target}`;
  await assert.rejects(readDeployment(new Map([["s0", new URL(url)]])), {
    code: "target_unreachable",
    message: `${url}/metrics: it answers 503: too busy`,
    advice: "start servers with fastchat serve, or correct --target (and --tls-pin)",
  });
  await assert.rejects(listServers(target), (cause: unknown) => {
    assert.ok(cause instanceof Failure);
    assert.deepEqual([cause.code, cause.advice], ["target_not_fastchat", "is it a FastChat?"]);
    assert.match(cause.message, new RegExp(`^${url}/servers lists no servers: .*array`));
    return true;
  });
});

test("a deployment's servers are those that it lists, with the addresses of their figures", async (context) => {
  const target = await answering(context, { "/servers": () => ({ body: listOf("s0", "s1") }) });
  assert.deepEqual(
    [...(await listServers(target))].map(([name, { href }]) => [name, href]),
    [
      ["s0", "http://s0:7401/"],
      ["s1", "http://s1:7401/"],
    ],
  );
});

test("a deployment behind TLS is asked by whoever trusts its authority, and by nobody else", async (context) => {
  const directory = mkdtempSync(path.join(tmpdir(), "probe-"));
  context.after(() => rmSync(directory, { recursive: true }));
  const { certFile, keyFile } = devCertificate(path.join(directory, "tls"), "127.0.0.1", new Date());
  const [cert, key] = [certFile, keyFile].map((file) => readFileSync(file));
  const https = createTlsServer({ cert, key }, (_, response) => response.end(listOf("s0"))).listen(0, "127.0.0.1");
  await once(https, "listening");
  context.after(() => void https.close());
  const target = `https://127.0.0.1:${portOf(https)}`;
  const authority = readFileSync(path.join(directory, "tls", "authority.pem"), "utf8");
  assert.equal((await listServers(target, { authority })).size, 1);
  await assert.rejects(listServers(target), { code: "target_unreachable" });
});

test("a list of servers is JSON, or the complaint says what it is not", () => {
  for (const [text, reason] of [
    ["<html>", /JSON/],
    ['[{"server":"s0"}]', /url/],
  ] as const) {
    const parsed = parseServerList(text, new URL("http://chat.example/"));
    assert.match(parsed.ok ? "" : parsed.reason, reason);
  }
});

test("the figures of all servers are ordered by the servers' names", async (context) => {
  const metrics = () => ({ body: "fastchat_connections 5\n" });
  const [first, second] = [
    await answering(context, { "/metrics": metrics }),
    await answering(context, { "/metrics": metrics }),
  ];
  const { servers } = await readDeployment(
    new Map([
      ["s2", new URL(`http://${second}/v1`)],
      ["s1", new URL(`http://${first}/v1`)],
      ["s3", new URL(`http://${first}/v1`)],
    ]),
  );
  assert.deepEqual(
    servers.map(({ server, connections }) => [server, connections]),
    [
      ["s1", 5],
      ["s2", 5],
      ["s3", 5],
    ],
  );
});

/** Moves time on until the promise is settled. */
async function passTime<Value>(clock: FakeClock, promise: Promise<Value>): Promise<Value> {
  let isOver = false;
  const watched = promise.finally(() => (isOver = true));
  watched.catch(() => {});
  while (!isOver) {
    // The answers come over real sockets.
    await new Promise((resolve) => setTimeout(resolve, 1));
    if (clock.waiting > 0) await clock.advance(clock.nextInMs ?? 0);
  }
  return watched;
}

test("all servers are waited for", async (context) => {
  let asked = 0;
  const target = await answering(context, {
    "/servers": () => ({ body: asked++ < 2 ? listOf("s0") : listOf("s0", "s1") }),
  });
  const clock = new FakeClock();
  const beganMs = clock.monotonic();
  const servers = await passTime(clock, listAllServers(target, { count: 2, clock }));
  assert.deepEqual([[...servers.keys()], asked], [["s0", "s1"], 3]);
  assert.equal(clock.monotonic() - beganMs, 200);
});

test("servers that are not listed within fifteen seconds are missing, and nobody waits who is interrupted", async (context) => {
  const target = await answering(context, { "/servers": () => ({ body: listOf("s0") }) });
  const clock = new FakeClock();
  const beganMs = clock.monotonic();
  await assert.rejects(passTime(clock, listAllServers(target, { count: 2, clock })), {
    code: "servers_missing",
    message: `${target} lists 1 of 2 servers`,
    advice: "look at the servers' log; lower the load if they were busy",
  });
  assert.equal(clock.monotonic() - beganMs, 15_100);
  const { size } = await listAllServers(target, { count: 2, clock, signal: AbortSignal.abort() });
  assert.equal(size, 1);
});

test("a metric is a name, labels if there are any, and a value; of the labels the quantile counts", () => {
  const text = [
    "# TYPE a counter",
    "a 1",
    'b{server="s0"} 2.5',
    'c{quantile="0.99",server="s0"} 3',
    "d",
    "e 4 5",
    "f{} 6",
    " g 7",
    "h  8",
    "i{j} 9",
    'k{quantile=""} 1e3',
  ].join("\n");
  assert.deepEqual(
    [...parseMetrics(text)],
    [
      ["a", 1],
      ["b", 2.5],
      ["c 0.99", 3],
      ["f", 6],
      ["i", 9],
      ["k ", 1000],
    ],
  );
});

test("figures that a server does not state are nothing", () => {
  const { server, process, ...figures } = serverReading("s0", "host", "");
  assert.deepEqual([server, process], ["s0", "host 0"]);
  assert.ok(Object.values(figures).every((figure) => figure === 0));
});
