import assert from "node:assert/strict";
import { test } from "node:test";
import { cpuSecondsBetween, type DeploymentReading } from "./deployment-probe.ts";

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
