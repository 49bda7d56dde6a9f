import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { leftoverProcesses } from "../../core/testing/leftover-processes.ts";
import { until } from "../../core/testing/until.ts";
import { PseudoTerminal } from "./pseudo-terminal.ts";

const skip = PseudoTerminal.isPossible() ? false : "util-linux's script is missing";

test("a program at a pseudo-terminal ends when the process that started it is killed", { skip }, async () => {
  const mark = `mark-${randomBytes(8).toString("hex")}`;
  const script = `
    import { PseudoTerminal } from ${JSON.stringify(new URL("./pseudo-terminal.js", import.meta.url).href)};
    const command = ["sh", "-c", "trap '' HUP; echo ready; while sleep 0.2; do :; done", ${JSON.stringify(mark)}];
    const terminal = new PseudoTerminal(command, { columns: 80, rows: 24, environment: {} });
    await terminal.until("ready", 30000);
    process.kill(process.pid, "SIGKILL");
  `;
  const run = spawnSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" });
  assert.equal(run.signal, "SIGKILL", run.stderr);
  await until(() => leftoverProcesses([mark]).length === 0, "no process of the program is left");
});
