import assert from "node:assert/strict";
import { test } from "node:test";
import { createLog } from "./log.ts";

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
