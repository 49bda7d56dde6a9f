import type { Command } from "commander";
import { runAtTerminal } from "../bench/at-terminal.ts";
import { loadKind, runLoad } from "../bench/load/load.ts";
import { loadSettings } from "../bench/load/load-settings.ts";
import { addSettings, print, run, settingsOf } from "./program.ts";

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
      return runAtTerminal(loadKind, { signal, json, hasProgress: true, print }, (watch) =>
        runLoad(config, { ...watch, signal }),
      );
    }),
  );
}
