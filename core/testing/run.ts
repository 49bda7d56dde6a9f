import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import path from "node:path";
import { createLog } from "../platform/log.ts";
import { projectRoot } from "../platform/project-root.ts";
import { EmbeddedPostgres } from "../store/embedded/embedded-postgres.ts";
import { writablePlace } from "../store/embedded/place.ts";
import { testDatabaseVariable } from "./test-database-variable.ts";

/**
 * Runs every compiled test file, or those whose path contains one of the arguments, against one PostgreSQL that starts
 * and ends with the run.
 */
const testMsMax = 180_000;

const wanted = process.argv.slice(2);
const dist = path.join(projectRoot, "dist");
const files = readdirSync(dist, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".test.js"))
  .filter((file) => wanted.length === 0 || wanted.some((part) => file.includes(part)))
  .sort()
  .map((file) => path.join(dist, file));
if (files.length === 0) {
  process.stderr.write(`no test file's path contains ${wanted.join(" or ")}\n`);
  process.exit(1);
}

const directory = mkdtempSync(path.join(writablePlace(), "tests-"));
const postgres = await EmbeddedPostgres.start({ directory, ephemeral: true, log: createLog("warn") });
const args = ["--test", `--test-concurrency=${Math.max(2, availableParallelism())}`, `--test-timeout=${testMsMax}`];
const tests = spawn(process.execPath, [...args, "--enable-source-maps", ...files], {
  stdio: "inherit",
  env: { ...process.env, [testDatabaseVariable]: postgres.url() },
});
// Ctrl-C reaches the tests by itself; their end is waited for.
process.on("SIGINT", () => {});
process.on("SIGTERM", () => tests.kill("SIGTERM"));
const [code] = (await once(tests, "exit")) as [number | null];
await postgres.stop();
process.exitCode = code ?? 1;
