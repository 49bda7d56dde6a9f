import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import path from "node:path";
import { after, suite, test } from "node:test";
import type { Failure } from "../../platform/failure.ts";
import { silentLog } from "../../platform/log.ts";
import { present } from "../../testing/present.ts";
import { cannotMount, SmallDisk } from "../../testing/small-disk.ts";
import { until } from "../../testing/until.ts";
import { Database } from "../database.ts";
import { EmbeddedPostgres } from "./embedded-postgres.ts";
import { writablePlace } from "./place.ts";
import { postgresUser } from "./run-as.ts";

const scratch = mkdtempSync(path.join(writablePlace(), "embedded-test-"));
chmodSync(scratch, 0o755);
after(() => rmSync(scratch, { recursive: true, force: true }));

const isRoot = process.getuid?.() === 0;
const start = (name: string, ephemeral = false) =>
  EmbeddedPostgres.start({ directory: path.join(scratch, name), ephemeral, log: silentLog });

async function withDatabase<T>(url: string, work: (database: Database) => Promise<T>): Promise<T> {
  const database = new Database(url, { connectionsMax: 1, log: silentLog });
  try {
    return await work(database);
  } finally {
    await database.close();
  }
}

const failsWith = (code: string) => (cause: Failure) => cause.code === code && cause.advice.length > 0;

test("rows are kept over a stop and a start, and every commit is on the disk", async () => {
  const first = await start("kept");
  await withDatabase(first.url(), (database) => database.query({ text: "CREATE TABLE t AS SELECT 42 AS n" }));
  await first.stop();
  const second = await start("kept");
  await withDatabase(second.url(), async (database) => {
    assert.deepEqual(await database.query({ text: "SELECT n FROM t" }), [{ n: 42 }]);
    const { synchronousCommit, fsync } = await database.check();
    assert.deepEqual([synchronousCommit, fsync], ["on", "on"]);
  });
  await second.stop();
  assert.equal(second.pid === undefined || !isRunning(second.pid), true);
});

test("an ephemeral database leaves nothing behind", async () => {
  const server = await start("ephemeral", true);
  const pid = present(server.pid);
  assert.ok(existsSync(path.join(scratch, "ephemeral")));
  await server.stop();
  assert.equal(existsSync(path.join(scratch, "ephemeral")), false);
  assert.equal(isRunning(pid), false);
});

test("PostgreSQL is back on its port after a crash", async () => {
  const server = await start("crashing", true);
  const { port } = server;
  await withDatabase(server.url(), (database) => database.query({ text: "CREATE TABLE t (n integer)" }));
  await server.kill();
  await assert.rejects(withDatabase(server.url(), (database) => database.query({ text: "SELECT 1" })));
  await server.restart();
  assert.equal(server.port, port);
  await withDatabase(server.url(), (database) => database.query({ text: "INSERT INTO t VALUES (1)" }));
  await server.stop();
});

test("a second PostgreSQL on the same data directory is refused", async () => {
  const first = await start("shared", true);
  await assert.rejects(start("shared"), failsWith("data_directory_in_use"));
  await withDatabase(first.url(), (database) => database.query({ text: "SELECT 1" }));
  await first.stop();
});

test("for root PostgreSQL runs as another user, who alone owns the data", {
  skip: !isRoot && "needs root",
}, async () => {
  const server = await start("owned", true);
  const directory = path.join(scratch, "owned", "data");
  assert.equal(statSync(directory).uid, postgresUser()?.ids.uid);
  assert.equal(statSync(directory).mode & 0o077, 0);
  assert.notEqual(statSync(`/proc/${server.pid}`).uid, 0);
  await server.stop();
});

test("a data directory that PostgreSQL's user cannot reach is a failure that says what to do", {
  skip: !isRoot && "needs root",
}, async () => {
  const closed = path.join(scratch, "closed");
  mkdirSync(closed, { mode: 0o700 });
  const starting = EmbeddedPostgres.start({ directory: path.join(closed, "data"), ephemeral: false, log: silentLog });
  await assert.rejects(starting, (cause: Failure) => {
    assert.equal(cause.code, "data_directory_unreachable");
    assert.match(cause.advice, /--data-dir/);
    return true;
  });
});

test("a data directory that cannot be made is a failure that says what to do", async () => {
  const directory = path.join(import.meta.filename, "data"); // Below a file.
  await assert.rejects(
    EmbeddedPostgres.start({ directory, ephemeral: false, log: silentLog }),
    failsWith("data_directory_unusable"),
  );
});

test("a full disk is a failure with what initdb says", { skip: cannotMount }, async () => {
  const disk = new SmallDisk(4);
  try {
    await assert.rejects(
      EmbeddedPostgres.start({ directory: path.join(disk.directory, "data"), ephemeral: false, log: silentLog }),
      (cause: Failure) => cause.code === "database_cannot_be_made" && /No space left/.test(cause.message),
    );
  } finally {
    disk.remove();
  }
});

suite("a start that is interrupted fails so, leaves no process and no half-made database, and the next one succeeds:", () => {
  const entries = (directory: string) => (existsSync(directory) ? readdirSync(directory) : []);
  const isInitialising = (directory: string) => entries(directory).some((name) => name.startsWith("data.new-"));
  const succeeds = async (name: string) => {
    const server = await start(name);
    await withDatabase(server.url(), (database) => database.query({ text: "SELECT 1" }));
    await server.stop();
    assert.deepEqual(entries(path.join(scratch, name)).sort(), ["data", "password"]);
  };

  for (const [moment, isThen] of [
    ["before it", () => true],
    ["while the database is made", isInitialising],
    ["when it has been made", (directory) => entries(directory).includes("data")],
  ] as const satisfies (readonly [string, (directory: string) => boolean])[]) {
    test(moment, async () => {
      const name = moment.replaceAll(" ", "-");
      const directory = path.join(scratch, name);
      const stopping = new AbortController();
      const starting = EmbeddedPostgres.start({ directory, ephemeral: false, log: silentLog, signal: stopping.signal });
      const failing = assert.rejects(starting, failsWith("interrupted"));
      await until(() => isThen(directory), moment);
      stopping.abort();
      await failing;
      assert.ok(!isInitialising(directory));
      assert.equal(entries(directory).includes("password"), entries(directory).includes("data"));
      await succeeds(name);
    });
  }

  const startAlone = (name: string) => {
    const script = `
      import { EmbeddedPostgres } from ${JSON.stringify(new URL("./embedded-postgres.js", import.meta.url).href)};
      import { pino } from "pino";
      const stopping = new AbortController();
      process.on("SIGINT", () => stopping.abort());
      await EmbeddedPostgres.start({
        directory: ${JSON.stringify(path.join(scratch, name))},
        ephemeral: false, log: pino({ level: "silent" }), signal: stopping.signal,
      }).then(() => process.exit(0), (cause) => console.log(cause.code));
    `;
    // In a group of its own, as a terminal's foreground job is.
    const child = spawn(process.execPath, ["--input-type=module", "-e", script], { detached: true });
    let said = "";
    child.stdout.on("data", (chunk: Buffer) => {
      said += chunk.toString();
    });
    return { pid: present(child.pid), ended: once(child, "close").then(() => said.trim()) };
  };

  test("by a terminal, which signals all processes of the foreground", async () => {
    const { pid, ended } = startAlone("terminal");
    await until(() => isInitialising(path.join(scratch, "terminal")), "the database is being made");
    process.kill(-pid, "SIGINT");
    assert.equal(await ended, "interrupted");
    await succeeds("terminal");
  });

  test("by the death of its process", async () => {
    const directory = path.join(scratch, "killed");
    const { pid, ended } = startAlone("killed");
    await until(() => isInitialising(directory), "the database is being made");
    process.kill(pid, "SIGKILL");
    await ended;
    await succeeds("killed");
  });
});

test("a database without its password file is a failure that says what to do", async () => {
  await (await start("half")).stop();
  rmSync(path.join(scratch, "half", "password"));
  await assert.rejects(start("half"), failsWith("database_password_unreadable"));
});

test("PostgreSQL ends, and its files are removed, when the process that started it dies", async () => {
  const directory = path.join(scratch, "orphaned");
  const script = `
    import { EmbeddedPostgres } from ${JSON.stringify(new URL("./embedded-postgres.js", import.meta.url).href)};
    import { readFileSync } from "node:fs";
    import { pino } from "pino";
    await EmbeddedPostgres.start({
      directory: ${JSON.stringify(directory)}, ephemeral: true, log: pino({ level: "silent" }),
    });
    const [pid, , , , socketDirectory] = readFileSync(${JSON.stringify(path.join(directory, "data", "postmaster.pid"))}, "utf8").split("\\n");
    process.stdout.write(JSON.stringify({ pid, socketDirectory }), () => process.kill(process.pid, "SIGKILL"));
  `;
  const run = spawnSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" });
  assert.equal(run.signal, "SIGKILL", run.stderr);
  const { pid, socketDirectory }: { pid: string; socketDirectory: string } = JSON.parse(run.stdout);
  await until(() => !isRunning(Number(pid)), "PostgreSQL has ended");
  await until(() => !existsSync(path.join(directory, "data")), "its data is gone");
  assert.match(socketDirectory, /fastchat-pg-/);
  await until(() => !existsSync(socketDirectory), "its socket's directory is gone");
});

/** Whether a process runs; one that has ended and that nobody has waited for does not. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !existsSync(`/proc/${pid}/stat`) || !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "latin1"));
  } catch {
    return false;
  }
}
