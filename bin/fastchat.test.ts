import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { chmodSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import path from "node:path";
import { after, suite, test } from "node:test";
import { resultsSchema } from "../bench/results.ts";
import { writablePlace } from "../core/store/embedded/place.ts";
import { endOf, type StartedCommand, startCommand } from "../core/testing/command-line.ts";
import { freshDatabase } from "../core/testing/database.ts";
import { leftoverProcesses } from "../core/testing/leftover-processes.ts";
import { until } from "../core/testing/until.ts";
import { presets } from "../loadgen/workload.ts";

const scratch = mkdtempSync(path.join(writablePlace(), "cli-test-"));
chmodSync(scratch, 0o755);
const mark = `FASTCHAT_CLI_TEST=${randomBytes(8).toString("hex")}`;
after(() => rmSync(scratch, { recursive: true, force: true }));

function start(args: readonly string[], environment: Record<string, string> = {}): StartedCommand {
  const [name, value] = mark.split("=") as [string, string];
  // Not a setting: what begins with FASTCHAT_ would be taken for one.
  return startCommand(args, { cwd: scratch, environment: { [name.replace("FASTCHAT_", "")]: value, ...environment } });
}

const run = (args: readonly string[], environment?: Record<string, string>) => endOf(start(args, environment));

/** Processes that descend from a command of this test and are still there, and databases on its directory. */
const leftovers = () => leftoverProcesses([scratch, mark.replace("FASTCHAT_", "")]);

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
/** How often something was said in the log. */
const logged = (serving: StartedCommand, message: string) => serving.err().split(`"msg":"${message}`).length - 1;
const addressOf = (run: StartedCommand) => /serves at ws:\/\/([^/]+)\//.exec(run.out())?.[1] as string;

test("every command explains itself, with examples", async () => {
  for (const command of [
    ["serve"],
    ["load"],
    ["bench", "quick"],
    ["bench", "fanout"],
    ["bench", "ingest"],
    ["bench", "connections"],
    ["bench", "logins"],
    ["bench", "generator"],
    ["bench", "files"],
    ["bench", "micro"],
    ["db", "migrate"],
    ["db", "seed"],
    ["account", "sign-up"],
    ["account", "log-in"],
    ["account", "password"],
    ["account", "list"],
    ["trust", "list"],
    ["trust", "show"],
    ["trust", "verify"],
    ["trust", "accept"],
    ["identity", "export"],
    ["identity", "import"],
  ]) {
    const { code, out } = await run([...command, "--help"]);
    assert.equal(code, 0);
    assert.match(out, /Examples:\n {2}fastchat /, command.join(" "));
  }
  const { code, out } = await run(["--help"]);
  assert.equal(code, 0);
  for (const command of ["serve", "load", "bench", "db", "account", "trust", "identity"])
    assert.ok(out.includes(command));
});

test("what cannot be obeyed ends with 2 and says what to write", async () => {
  for (const [args, environment, complaint] of [
    [["sing"], {}, /unknown command 'sing'/],
    [["serve", "--prot", "1"], {}, /unknown option '--prot'/],
    [["serve", "--port", "high"], {}, /--port is "high"; write a whole number from 0 to 65000/],
    [["serve", "--strategy", "fastest"], {}, /one of round-robin, random/],
    [["serve"], { FASTCHAT_SEVRERS: "4" }, /FASTCHAT_SEVRERS is no setting; did you mean FASTCHAT_SERVERS/],
    [["serve", "--config", "missing.json"], {}, /missing\.json/],
    [["bench", "quick", "--seconds", "-1"], {}, /a number above 0/],
    [
      ["bench", "quick", "--servers", "1,65"],
      {},
      /"65" is not allowed.* such as 1,2,8: each is a whole number from 1 to 64/,
    ],
    [["bench", "quick", "--servers", "1,", "2"], {}, /an item is empty/],
    [["bench", "quick", "--servers", "2,2"], {}, /"2" is there twice/],
    [
      ["bench", "quick", "--strategies", "fastest"],
      {},
      /"fastest" is not allowed.* each is one of round-robin, random,/,
    ],
    [["bench", "quick", "--strategies", "random, two-choices"], {}, /" two-choices" has a space in it/],
    [["bench", "quick", "--rate", "0"], {}, /a number above 0/],
    [["bench", "quick", "--clients", "1.5"], {}, /a whole number from 1/],
    [["bench", "quick", "--transport", "pigeon"], {}, /Allowed choices are uws, ws/],
    [["bench", "micro", "weather"], {}, /Allowed choices are crypto/],
    [["bench", "micro"], {}, /missing required argument 'topic'/],
    [["bench", "micro", "crypto", "--rounds", "1.5"], {}, /a whole number from 1/],
    [["db", "seed", "--users", "none"], {}, /a whole number from 1/],
    [["db", "seed", "--prefix", "Ä "], {}, /--prefix/],
  ] as const) {
    const { code, out, err } = await run(args, environment);
    assert.equal(code, 2, args.join(" "));
    assert.match(err, complaint);
    assert.equal(out, "");
  }
});

suite("serve", () => {
  test("runs until Ctrl-C, leaves no process, no port and no lock behind, and starts again on its data", async () => {
    for (let time = 0; time < 2; time++) {
      const serving = start([...served(), "--servers", "2"]);
      await until(() => serving.out().includes("Ctrl-C stops it"), "it serves");
      const response = await fetch(`http://${addressOf(serving)}/readyz`);
      assert.equal(response.status, 200);
      serving.child.kill("SIGINT");
      assert.equal(await serving.ended, 0);
      assert.match(serving.out(), /stopped\n$/);
      assert.equal(serving.err(), "");
      await until(() => leftovers().length === 0, "everything has ended");
      await assert.rejects(fetch(`http://${addressOf(serving)}/readyz`));
    }
  });

  test("a second one on the same data is refused, and the first goes on", async () => {
    const first = start(served());
    await until(() => first.out().includes("Ctrl-C stops it"), "it serves");
    const second = await run(served());
    assert.equal(second.code, 1);
    assert.match(second.err, /^data_directory_in_use: /);
    assert.equal((await fetch(`http://${addressOf(first)}/readyz`)).status, 200);
    first.child.kill("SIGTERM");
    assert.equal(await first.ended, 0);
  });

  test("ends with its PostgreSQL when it is killed", async () => {
    const serving = start(served());
    await until(() => serving.out().includes("Ctrl-C stops it"), "it serves");
    serving.child.kill("SIGKILL");
    await serving.ended;
    const lock = path.join(scratch, "data/postgres/data/postmaster.pid");
    await until(() => !existsSync(lock), "PostgreSQL has stopped in good order");
    await until(() => leftovers().length === 0, "everything has ended");
  });

  test("says that its PostgreSQL has been killed, is not ready meanwhile, and goes on when it is back", async () => {
    const serving = start([...served(), "--servers", "2"]);
    await until(() => serving.out().includes("Ctrl-C stops it"), "it serves");
    const readiness = async () => (await fetch(`http://${addressOf(serving)}/readyz`)).text();
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
    await until(() => serving.out().includes("Ctrl-C stops it"), "it serves");
    const readiness = async () => (await fetch(`http://${addressOf(serving)}/readyz`)).text();
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
    const port = String((taken.address() as { port: number }).port);
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
      const ended = await run(["serve", ...args, "--port", port, "--log-level", "silent"]);
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
    const migrated = await run(["db", "migrate", ...database, ...secret]);
    assert.equal(migrated.code, 0, migrated.err);
    assert.equal(migrated.out, "up to date\n");
    const seeded = await run([
      "db",
      "seed",
      ...database,
      ...secret,
      "--users",
      "500",
      "--key-pairs",
      "1",
      "--out",
      "crowd.json",
    ]);
    assert.equal(seeded.code, 0, seeded.err);
    const again = await run([
      "db",
      "seed",
      ...database,
      ...secret,
      "--users",
      "5",
      "--key-pairs",
      "1",
      "--out",
      "again.json",
    ]);
    assert.equal(again.code, 1);
    assert.match(again.err, /^seed_failed: .*\n.*another --prefix/);

    const serving = start(["serve", ...database, ...secret, "--port", "0", "--servers", "2", "--log-level", "error"]);
    await until(() => serving.out().includes("Ctrl-C stops it"), "it serves");
    const target = flag("target", addressOf(serving));
    const load = [
      "load",
      ...target,
      "--accounts",
      "crowd.json",
      "--preset",
      "dm",
      "--clients",
      "40",
      "--rate",
      "50",
      "--duration",
      "1",
    ];
    const many = await run([...load, "--clients", "501"]);
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
    writeFileSync(path.join(scratch, "typo.json"), JSON.stringify({ ...presets.dm, clinets: 5 }));
    writeFileSync(path.join(scratch, "broken.json"), "{");
    const target = flag("target", "127.0.0.1:1");
    for (const [args, complaint] of [
      [flag("workload", "typo.json"), /^workload_invalid: .*clinets[\s\S]*\nmend typo\.json/],
      [flag("workload", "broken.json"), /^workload_unreadable: /],
      [flag("workload", "nowhere.json"), /^workload_unreadable: /],
      [flag("accounts", "broken.json"), /^seed_file_unreadable: /],
      [[], /^target_unreachable: /],
    ] as const) {
      const { code, err } = await run(["load", ...target, ...args]);
      assert.equal(code, 1);
      assert.match(err, complaint);
    }
  });
});
