import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { readConfig } from "../../core/platform/config.ts";
import { preset, presets, type WorkloadText } from "../../loadgen/workload/workload.ts";
import { workloadOf } from "./load.ts";
import { loadSettings } from "./load-settings.ts";

const scratch = mkdtempSync(path.join(tmpdir(), "load-test-"));
after(() => rmSync(scratch, { recursive: true, force: true }));

/** The workload that these options of `fastchat load` ask for. */
function workloadFor(flags: Readonly<Record<string, string>>) {
  const config = readConfig(loadSettings, { flags, environment: {} });
  assert.ok(config.ok, JSON.stringify(config));
  return workloadOf(config.value);
}

function fileWith(workload: WorkloadText): string {
  const file = path.join(scratch, "workload.json");
  writeFileSync(file, JSON.stringify(workload));
  return file;
}

test("what the options leave out is as the preset says", () => {
  for (const name of ["dm", "rooms", "broadcast", "mixed"] as const) {
    const given = preset(name);
    assert.deepEqual(workloadFor({ preset: name }), given.ok && given.value);
  }
});

test("each option changes its part of the workload, and no other", () => {
  const given = workloadFor({ preset: "dm" });
  assert.deepEqual(workloadFor({ preset: "dm", clients: "300" }), { ...given, clients: 300 });
  assert.deepEqual(workloadFor({ preset: "dm", duration: "7.5" }), { ...given, durationSeconds: 7.5 });
  assert.deepEqual(workloadFor({ preset: "dm", threads: "3" }), { ...given, threads: 3 });
  assert.deepEqual(workloadFor({ preset: "dm", rate: "12" }).arrivals, { ...given.arrivals, ratePerSecond: 12 });
  assert.deepEqual(workloadFor({ preset: "dm", encryption: "none" }).encryption, { mode: "none" });
});

test("a workload in a file goes before the preset, and options before both; its way of arriving stays", () => {
  const workload = fileWith({ ...presets.dm, clients: 40, arrivals: { kind: "constant", ratePerSecond: 5 } });
  assert.equal(workloadFor({ preset: "rooms", workload }).clients, 40);
  assert.deepEqual(workloadFor({ workload, clients: "50", rate: "9" }), {
    ...workloadFor({ workload }),
    clients: 50,
    arrivals: { kind: "constant", ratePerSecond: 9 },
  });
});
