import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { resultsSchema } from "../bench/results-schema.ts";
import { startCommand } from "../core/testing/command-line.ts";
import { deploy } from "../core/testing/deployment.ts";
import { until } from "../core/testing/until.ts";
import { listServers, readDeployment } from "../loadgen/recorder/deployment-probe.ts";
import { presets, type WorkloadText } from "../loadgen/workload/workload.ts";

const scratch = mkdtempSync(path.join(tmpdir(), "load-cli-test-"));
after(() => rmSync(scratch, { recursive: true, force: true }));

test("a load that is interrupted is audited, printed and written with the figures of the time until then", async () => {
  const deployment = await deploy({ servers: 2 });
  const workload: WorkloadText = {
    ...presets.dm,
    clients: 10,
    groups: [{ count: 5, sizes: { kind: "fixed", size: 2 } }],
    arrivals: { kind: "constant", ratePerSecond: 50 },
    keyPairs: 1,
    warmUpSeconds: 0,
    durationSeconds: 3600,
  };
  writeFileSync(path.join(scratch, "hour.json"), JSON.stringify(workload));
  const args = ["load", "--target", deployment.target, "--workload", "hour.json", "--json", "mine.json"];
  const load = startCommand(args, { cwd: scratch });
  const servers = await listServers(deployment.target);
  const acknowledged = async () => {
    const readings = await readDeployment(servers);
    return readings.servers.reduce((sum, server) => sum + server.acknowledged, 0);
  };
  await until(
    async () => (await readDeployment(servers)).servers.some(({ connections }) => connections > 0),
    "it began",
  );
  await until(async () => (await acknowledged()) > 20, "messages are sent");
  load.child.kill("SIGINT");
  assert.equal(await load.ended, 130);
  assert.match(load.out(), /^PARTIAL RESULT: interrupted at "[\d.]+ of 3600 s measured"/);
  const result = resultsSchema.parse(JSON.parse(readFileSync(path.join(scratch, "mine.json"), "utf8")));
  assert.equal(result.partial?.reason, "interrupted");
  assert.ok(result.benchmark === "load");
  const [cell] = result.cells;
  assert.ok(cell?.audit.passed && cell.audit.acked > 20 && cell.seconds < 3600, JSON.stringify(cell));
  await deployment.stop();
});
