import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { test } from "node:test";
import { portOf } from "../../core/testing/port-of.ts";
import {
  cpuSecondsBetween,
  type DeploymentReading,
  listServers,
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

test("a server that answers with an error, or with something else, has no figures", async () => {
  const answers = new Map([
    ["/metrics", { status: 503, body: "fastchat_connections 5" }],
    ["/servers", { status: 200, body: '{"server":"s0"}' }],
  ]);
  const http = createServer(({ url = "" }, response) => {
    const { status = 404, body = "" } = answers.get(url) ?? {};
    response.writeHead(status, { connection: "close" }).end(body);
  }).listen(0, "127.0.0.1");
  await once(http, "listening");
  const target = `127.0.0.1:${portOf(http)}`;
  await assert.rejects(readDeployment(new Map([["s0", new URL(`http://${target}`)]])), { code: "target_unreachable" });
  await assert.rejects(listServers(target), { code: "target_not_fastchat" });
  http.close();
});
