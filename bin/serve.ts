import type { Command } from "commander";
import { serve } from "../core/cluster/main.ts";
import { serveSettings } from "../core/cluster/serve-settings.ts";
import { createLog } from "../core/platform/log.ts";
import { addSettings, print, run, settingsOf } from "./program.ts";

export function addServe(program: Command): void {
  const command = program
    .command("serve")
    .description("Run one chat server or many, on an embedded PostgreSQL or one that is named.")
    .addHelpText(
      "after",
      `
Examples:
  fastchat serve
  fastchat serve --servers 4 --strategy two-choices --port 8000
  fastchat serve --host 0.0.0.0 --tls dev
  fastchat serve --database postgres://chat:secret@db.example/chat --secret-file /etc/fastchat/secret.json

JSON log lines go to standard error. Ctrl-C lets go in good order, a second one at once.`,
    );
  addSettings(command, serveSettings).action((options) =>
    run(async (signal, onHangUp) => {
      const config = settingsOf(serveSettings, options);
      await serve(config, { log: createLog(config.logLevel), print, signal, onHangUp });
      return 0;
    }),
  );
}
