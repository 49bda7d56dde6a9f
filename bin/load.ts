import type { Command } from "commander";
import { loadSettings } from "../bench/compared/load-settings.ts";
import { runLoad } from "../bench/experiments/load.ts";
import { ProgressLine } from "../bench/report/progress-line.ts";
import type { CellsDocument } from "../bench/report/results.ts";
import type { Watch } from "../bench/report/watch.ts";
import { cellsPassed, cellsShown } from "./cells-shown.ts";
import { measured } from "./measured.ts";
import { addSettings, run, settingsOf } from "./program.ts";

export function addLoad(program: Command): void {
  const command = program
    .command("load")
    .description("Let simulated users put load on servers that run already, and audit what they saw.")
    .option("--json <file>", "write the result there too")
    .addHelpText(
      "after",
      `
Examples:
  fastchat load --target 127.0.0.1:7400 --preset dm --clients 2000 --rate 1000
  fastchat load --workload my-workload.json --duration 60 --json result.json
  fastchat load --accounts seed.json --clients 10000 --encryption sealed

Exit code 1 says that the audit found a broken promise; what was measured is below results/ all the same. Ctrl-C ends the
load before its time: what was measured until then is audited and written, marked partial.`,
    );
  addSettings(command, loadSettings).action(({ json, ...options }) =>
    run(async (signal) => {
      const config = settingsOf(loadSettings, options);
      const line = new ProgressLine(process.stderr);
      const show = { end: () => line.stop(), show: cellsShown, passed: cellsPassed };
      const onStep = (what: string) => line.step(what);
      return measured({ signal, json, onStep, ...show }, (watch: Watch<CellsDocument>) =>
        runLoad(config, { ...watch, signal, onProgress: (progress) => line.progress(progress) }),
      );
    }),
  );
}
