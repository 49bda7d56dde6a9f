import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { createLog, silentLog } from "./log.ts";

test("a line is JSON with its level by name, its time and its facts, and lines below the log's level are left out", () => {
  const lines: Record<string, unknown>[] = [];
  const log = createLog("info", { server: "s0" }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  log.debug("not shown");
  log.warn({ group: 7 }, "something happened");
  assert.equal(lines.length, 1);
  const [line] = lines;
  assert.deepEqual([line?.level, line?.server, line?.group, line?.msg], ["warn", "s0", 7, "something happened"]);
  assert.match(String(line?.time), /^\d{4}-\d\d-\d\dT/);
});

test("the last line before a crash is written, on standard error", { skip: process.platform === "win32" }, () => {
  const log = JSON.stringify(new URL("./log.js", import.meta.url).href);
  const script = `import { createLog } from ${log};
    const log = createLog("info");
    for (const words of ["the first words", "the last words"]) log.error(words);
    process.kill(process.pid, "SIGKILL");`;
  const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "--eval", script], {
    encoding: "utf8",
  });
  assert.match(stderr, /"msg":"the last words"/);
  assert.equal(stdout, "");
});

test("a silent log writes nothing, whatever the level", () => {
  assert.equal(silentLog.isLevelEnabled("fatal"), false);
});
