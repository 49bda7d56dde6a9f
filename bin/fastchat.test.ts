import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { chmodSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import path from "node:path";
import { after, suite, test } from "node:test";
import { resultsSchema } from "../bench/results-schema.ts";
import { writablePlace } from "../core/store/embedded/place.ts";
import { endOf, type StartedCommand, startCommand, untilItServes } from "../core/testing/command-line.ts";
import { freshDatabase } from "../core/testing/database.ts";
import { leftoverProcesses } from "../core/testing/leftover-processes.ts";
import { portOf } from "../core/testing/port-of.ts";
import { present } from "../core/testing/present.ts";
import { until } from "../core/testing/until.ts";
import { listServers } from "../loadgen/recorder/deployment-probe.ts";
import { presets } from "../loadgen/workload/workload.ts";
import { endOfCommand } from "./testing/command-here.ts";

const scratch = mkdtempSync(path.join(writablePlace(), "cli-test-"));
chmodSync(scratch, 0o755);
/** In the environment of everything that this test starts; not a setting, which begins with FASTCHAT_. */
const mark = { name: "CLI_TEST", value: randomBytes(8).toString("hex") };
after(() => rmSync(scratch, { recursive: true, force: true }));

function start(args: readonly string[], environment: Record<string, string> = {}): StartedCommand {
  return startCommand(args, { cwd: scratch, environment: { [mark.name]: mark.value, ...environment } });
}

const run = (args: readonly string[], environment?: Record<string, string>) => endOf(start(args, environment));

/** Processes that descend from a command of this test and are still there, and databases on its directory. */
const leftovers = () => leftoverProcesses([scratch, `${mark.name}=${mark.value}`]);

const flag = (name: string, value: string) => [`--${name}`, value];
const served = (port = "0") => [
  "serve",
  ...flag("data-dir", path.join(scratch, "data")),
  ...flag("port", port),
  ...flag("log-level", "error"),
];
/** The process of the PostgreSQL that serves this data. */
const postmaster = (data = path.join(scratch, "data/postgres/data")) =>
  Number(readFileSync(path.join(data, "postmaster.pid"), "utf8").split("\n")[0]);
/** How often a message is in the log. */
const logged = (serving: StartedCommand, message: string) => serving.err().split(`"msg":"${message}`).length - 1;
/** One of its servers: the port that everybody knows may only answer where the servers are. */
async function serverOf(serving: StartedCommand): Promise<URL> {
  const [server = assert.fail("there is no server")] = (await listServers(addressOf(serving))).values();
  return server;
}

const addressOf = (run: StartedCommand) => present(/serves at ws:\/\/([^/]+)\//.exec(run.out())?.[1], "its address");

test("help goes to standard output, and a command line or variable that cannot be understood ends with 2", async () => {
  const helped = await run(["--help"]);
  assert.equal(helped.code, 0, helped.err);
  assert.match(helped.out, /fastchat/);
  const { code, out, err } = await run(["serve"], { FASTCHAT_SEVRERS: "4" });
  assert.equal(code, 2);
  assert.match(err, /FASTCHAT_SEVRERS is no setting; did you mean FASTCHAT_SERVERS/);
  assert.equal(out, "");
});

suite("serve", () => {
  test("runs until Ctrl-C, leaves no process, no port and no lock behind, and starts again on its data", async () => {
    for (let time = 0; time < 2; time++) {
      const serving = start([...served(), "--servers", "2"]);
      await untilItServes(serving);
      const server = await serverOf(serving);
      assert.equal((await fetch(new URL("/readyz", server))).status, 200);
      serving.child.kill("SIGINT");
      assert.equal(await serving.ended, 0);
      assert.match(serving.out(), /stopped\n$/);
      assert.equal(serving.err(), "");
      await until(() => leftovers().length === 0, "everything has ended");
      for (const gone of [server, `http://${addressOf(serving)}`])
        await assert.rejects(fetch(new URL("/healthz", gone)));
    }
  });

  test("a second one on the same data is refused, and the first goes on", async () => {
    const first = start(served());
    await untilItServes(first);
    const second = await run(served());
    assert.equal(second.code, 1);
    assert.match(second.err, /^data_directory_in_use: /);
    assert.equal((await fetch(`http://${addressOf(first)}/readyz`)).status, 200);
    first.child.kill("SIGTERM");
    assert.equal(await first.ended, 0);
  });

  test("ends with its PostgreSQL when it is killed", async () => {
    const serving = start(served());
    await untilItServes(serving);
    serving.child.kill("SIGKILL");
    await serving.ended;
    const lock = path.join(scratch, "data/postgres/data/postmaster.pid");
    await until(() => !existsSync(lock), "PostgreSQL has stopped in good order");
    await until(() => leftovers().length === 0, "everything has ended");
  });

  test("says that its PostgreSQL has been killed, is not ready meanwhile, and goes on when it is back", async () => {
    const serving = start([...served(), "--servers", "2"]);
    await untilItServes(serving);
    const server = await serverOf(serving);
    const readiness = async () => (await fetch(new URL("/readyz", server))).text();
    for (let time = 1; time <= 2; time++) {
      process.kill(postmaster(), "SIGKILL");
      await until(async () => (await readiness()) === "database_away\n", "it is not ready");
      await until(async () => (await readiness()) === "ready\n", "it is ready again");
      await until(
        () => logged(serving, "PostgreSQL has ended unexpectedly; starting it again") === time,
        "it is logged",
      );
    }
    assert.ok(logged(serving, "the database is away") >= 1);
    serving.child.kill("SIGINT");
    assert.equal(await serving.ended, 0);
    await until(() => leftovers().length === 0, "everything has ended");
  });

  test("stays and says why when its PostgreSQL cannot come back, until it can or Ctrl-C ends it", async () => {
    const serving = start(served());
    await untilItServes(serving);
    const server = await serverOf(serving);
    const readiness = async () => (await fetch(new URL("/readyz", server))).text();
    const data = path.join(scratch, "data/postgres/data");
    const pid = postmaster();
    renameSync(data, `${data}.away`);
    process.kill(pid, "SIGKILL");
    await until(() => logged(serving, "PostgreSQL cannot be started again; trying once more") >= 1, "it says so");
    assert.match(serving.err(), /does not exist|could not access/);
    assert.equal(await readiness(), "database_away\n");
    renameSync(`${data}.away`, data);
    await until(async () => (await readiness()) === "ready\n", "it is ready again");
    renameSync(data, `${data}.away`);
    process.kill(postmaster(`${data}.away`), "SIGKILL");
    await until(async () => (await readiness()) === "database_away\n", "it is away once more");
    serving.child.kill("SIGINT");
    assert.equal(await serving.ended, 0);
    await until(() => leftovers().length === 0, "everything has ended");
    renameSync(`${data}.away`, data);
  });

  test("a port in use, a database that does not answer and a secret that is not allowed are failures with a code", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const port = String(portOf(taken));
    const database = await freshDatabase();
    const bad = path.join(scratch, "bad-secret.json");
    writeFileSync(bad, "{}");
    const secret = flag("secret-file", path.join(scratch, "secret.json"));
    for (const [args, code] of [
      [[...flag("database", database), ...secret, ...flag("port", port)], "port_in_use"],
      [[...flag("database", database), ...secret, ...flag("port", port), "--servers", "2"], "port_in_use"],
      [[...flag("database", "postgres://nobody@127.0.0.1:1/none"), ...secret], "database_unreachable"],
      [[...flag("database", database), ...flag("secret-file", bad)], "secret_unreadable"],
    ] as const) {
      const ended = await endOfCommand(["serve", ...args, "--port", port, "--log-level", "silent"]);
      assert.equal(ended.code, 1, code);
      assert.match(ended.err, new RegExp(`^${code}: .+\n.+`));
    }
    taken.close();
  });
});

suite("load and db", () => {
  test("simulated users that were seeded log in, load is audited, and the result is written where it was asked for", async () => {
    const database = flag("database", await freshDatabase());
    const secret = flag("secret-file", path.join(scratch, "seed-secret.json"));
    const crowd = path.join(scratch, "crowd.json");
    const migrated = await endOfCommand(["db", "migrate", ...database, ...secret]);
    assert.equal(migrated.code, 0, migrated.err);
    assert.equal(migrated.out, "up to date\n");
    const seeded = await endOfCommand([
      "db",
      "seed",
      ...database,
      ...secret,
      "--users",
      "60",
      "--key-pairs",
      "1",
      "--out",
      crowd,
    ]);
    assert.equal(seeded.code, 0, seeded.err);
    const again = await endOfCommand([
      "db",
      "seed",
      ...database,
      ...secret,
      "--users",
      "5",
      "--key-pairs",
      "1",
      "--out",
      path.join(scratch, "again.json"),
    ]);
    assert.equal(again.code, 1);
    assert.match(again.err, /^seed_failed: .*\n.*another --prefix/);

    const serving = start(["serve", ...database, ...secret, "--port", "0", "--servers", "2", "--log-level", "error"]);
    await untilItServes(serving);
    const target = flag("target", addressOf(serving));
    const load = [
      "load",
      ...target,
      "--accounts",
      crowd,
      "--preset",
      "dm",
      "--clients",
      "40",
      "--rate",
      "50",
      "--duration",
      "1",
    ];
    const many = await endOfCommand([...load, "--clients", "61"]);
    assert.match(many.err, /^too_few_accounts: /);
    writeFileSync(
      path.join(scratch, "pairs.json"),
      JSON.stringify({ ...presets.dm, clients: 40, groups: [{ count: 20, sizes: { kind: "fixed", size: 2 } }] }),
    );
    const loaded = await run([...load, "--workload", "pairs.json", "--json", "mine.json"]);
    assert.equal(loaded.code, 0, loaded.err);
    assert.match(loaded.out, /passed/);
    const result = resultsSchema.parse(JSON.parse(readFileSync(path.join(scratch, "mine.json"), "utf8")));
    assert.ok(result.benchmark === "load" && result.cells[0]?.audit.passed);
    const files = loaded.out.match(/results\/\S+/g) ?? [];
    assert.ok(files.length === 2 && files.every((file) => existsSync(path.join(scratch, file))), loaded.out);
    serving.child.kill("SIGINT");
    assert.equal(await serving.ended, 0);
  });

  test("a workload that is not allowed, and a target that is not there, are failures with a code", async () => {
    const file = (name: string) => path.join(scratch, `${name}.json`);
    const [typo, broken, nowhere] = [file("typo"), file("broken"), file("nowhere")];
    writeFileSync(typo, JSON.stringify({ ...presets.dm, clinets: 5 }));
    writeFileSync(broken, "{");
    const target = flag("target", "127.0.0.1:1");
    for (const [args, complaint] of [
      [flag("workload", typo), /^workload_invalid: .*clinets[\s\S]*\nmend .*typo\.json/],
      [flag("workload", broken), /^workload_unreadable: /],
      [flag("workload", nowhere), /^workload_unreadable: /],
      [flag("accounts", broken), /^seed_file_unreadable: /],
      [[], /^target_unreachable: /],
    ] as const) {
      const { code, err } = await endOfCommand(["load", ...target, ...args]);
      assert.equal(code, 1);
      assert.match(err, complaint);
    }
  });
});
