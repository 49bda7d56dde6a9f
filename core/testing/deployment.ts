import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after } from "node:test";
import { type Deployment, startDeployment } from "../cluster/deployment.ts";
import { type ServeConfig, serveSettings } from "../cluster/serve-settings.ts";
import { readConfig } from "../platform/config.ts";
import { silentLog } from "../platform/log.ts";
import { freshDatabase } from "./database.ts";

/**
 * What ends with the test file, last started first. `after` is called here, at import: in a test, it would run at that test's
 * end.
 */
const endings: (() => Promise<void>)[] = [];
after(async () => {
  for (const end of endings.reverse()) await end();
});

export interface TestDeployment extends Deployment {
  /** The `host:port` that clients are given. */
  readonly target: string;
  readonly databaseUrl: string;
  /** The directory that `--data-dir` names. */
  readonly directory: string;
}

/** Starts servers on loopback with a database of their own; they stop when the test file ends, if not before. */
export async function deploy(of: Partial<ServeConfig> = {}): Promise<TestDeployment> {
  const databaseUrl = of.database ?? (await freshDatabase());
  const directory = mkdtempSync(path.join(tmpdir(), "fastchat-test-"));
  const config = readConfig(serveSettings, {
    flags: {
      port: 0,
      database: databaseUrl,
      dataDir: directory,
      logLevel: "silent",
      sendsPerSecond: 1e6,
      sendBurst: 1e6,
      ...of,
    },
    environment: {},
  });
  if (!config.ok) throw new Error(config.reason.join("; "));
  const deployment = await startDeployment(config.value, silentLog);
  let stopped = false;
  const stop = async () => {
    if (stopped) return;
    stopped = true;
    await deployment.stop();
    rmSync(directory, { recursive: true, force: true });
  };
  endings.push(stop);
  return { ...deployment, stop, directory, databaseUrl, target: `127.0.0.1:${deployment.cluster.port}` };
}
