import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { type IdentityKeyPairs } from "../core/client/index.ts";
import { silentLog } from "../core/platform/log.ts";
import { Database } from "../core/store/database.ts";
import { deploy, type TestDeployment } from "../core/testing/deployment.ts";
import { keyPair } from "../core/testing/key-pairs.ts";
import { generateLoad, type LoadOptions } from "./generator.ts";
import { LoadSession } from "./load-session.ts";
import { listServers, readDeployment } from "./recorder/deployment-probe.ts";
import { generatorCodes, invalidText } from "./recorder/validity.ts";
import { preset, type WorkloadText } from "./workload/workload.ts";

const small = {
  clients: 20,
  groups: [{ count: 4, sizes: { kind: "zipf", min: 3, max: 8, exponent: 1 } }],
  arrivals: { kind: "poisson", ratePerSecond: 250 },
  warmUpSeconds: 0.1,
  durationSeconds: 0.8,
} as const satisfies Partial<WorkloadText>;

suite("the load generator", () => {
  let keyPairs: readonly IdentityKeyPairs[];
  let deployment: TestDeployment;
  let database: Database;
  before(async () => {
    keyPairs = await Promise.all([keyPair(0), keyPair(1)]);
    deployment = await deploy({ servers: 3, strategy: "random" });
    database = new Database(deployment.databaseUrl, { connectionsMax: 1, log: silentLog });
  });
  after(() => database.close());

  function optionsOf(target: string, of: Partial<WorkloadText>): LoadOptions {
    const workload = preset("rooms", { ...small, ...of });
    assert.ok(workload.ok, JSON.stringify(workload));
    const namePrefix = `load${Math.random().toString(36).slice(2, 8)}-`;
    return {
      workload: workload.value,
      target,
      accounts: { kind: "signUp", namePrefix, password: "simulated" },
      keyPairs,
    };
  }

  const load = (target: string, of: Partial<WorkloadText>, more: Partial<LoadOptions> = {}) =>
    generateLoad({ ...optionsOf(target, of), ...more });

  test("encrypted rooms whose members come, go and are removed pass the audit on three servers", async () => {
    const churn = { awayShare: 0.3, awaySeconds: 0.4, removedShare: 0.3, removedSeconds: 0.3 };
    const moments: string[] = [];
    const result = await load(
      deployment.target,
      {
        arrivals: { kind: "poisson", ratePerSecond: 100 },
        warmUpSeconds: 0.3,
        durationSeconds: 2,
        churn,
        threads: 2,
        encryption: { mode: "real", openShare: 1 },
      },
      {
        onReady: async () => {
          const { servers } = await readDeployment(await listServers(deployment.target));
          moments.push(`${servers.reduce((sum, { connections }) => sum + connections, 0)} connected`);
          // Whoever writes before this is over would be measured before everybody is in.
          await new Promise(setImmediate);
          moments.push("ready");
        },
        onMeasure: async (moment) => void moments.push(moment),
      },
    );
    assert.deepEqual(moments, ["20 connected", "ready", "begin", "end"]);
    assert.deepEqual(result.audit.breaches, []);
    assert.ok(result.audit.passed);
    assert.ok(result.audit.acked > 100, `${result.audit.acked} acknowledged`);
    assert.equal(result.audit.delivered, result.audit.expected);
    assert.ok((result.deliveryMs?.p50 ?? 0) > 0 && (result.ackMs?.p50 ?? 0) > 0);
  });

  test("the audit finds messages that have vanished from the database", async () => {
    const options = optionsOf(deployment.target, { churn: {} });
    const session = await LoadSession.open(options);
    await session.run(options.workload);
    // Deleted when no message is under way any more, from the middle: later messages of this run remain.
    await database.query({
      text: `DELETE FROM messages WHERE (group_id, seq) IN
               (SELECT group_id, seq FROM messages WHERE type = 0 ORDER BY sent_at DESC, seq DESC OFFSET 20 LIMIT 3)`,
    });
    const audit = await session.audit();
    assert.equal(audit.passed, false);
    assert.equal(audit.notStored, 3, JSON.stringify(audit.breaches));
    assert.ok(audit.breaches.every(({ promise, seq }) => promise === 1 && seq !== undefined));
    await session.close();
  });

  test("the audit finds that the database has lost all messages", async () => {
    const result = await load(
      deployment.target,
      { churn: {} },
      {
        onMeasure: async (moment) => {
          if (moment === "end") await database.query({ text: "DELETE FROM messages WHERE type = 0" });
        },
      },
    );
    assert.equal(result.audit.passed, false);
    assert.ok(result.audit.notStored >= 10, `${result.audit.notStored} of ${result.audit.acked} are not stored`);
  });

  test("the audit finds that members can no longer log in to read their messages", async () => {
    const own = await deploy();
    const ownDatabase = new Database(own.databaseUrl, { connectionsMax: 1, log: silentLog });
    const result = await load(
      own.target,
      { churn: {} },
      {
        onMeasure: async (moment) => {
          if (moment === "begin") return;
          await ownDatabase.query({ text: "UPDATE sessions SET revoked_at = now()" });
          // A server reads revoked sessions from the database when it starts.
          await own.cluster.crash(0);
        },
      },
    );
    assert.equal(result.audit.passed, false);
    assert.ok(result.audit.notStored >= 10, `${result.audit.notStored} of ${result.audit.acked} are not stored`);
    await ownDatabase.close();
    await own.stop();
  });

  test("the audit finds messages that were exchanged in the database", async () => {
    const result = await load(
      deployment.target,
      { churn: {} },
      {
        onMeasure: async (moment) => {
          if (moment === "end")
            await database.query({
              text: "UPDATE messages SET client_message_id = client_message_id + 1 WHERE type = 0 AND seq = 3",
            });
        },
      },
    );
    assert.equal(result.audit.passed, false);
    assert.ok(result.audit.notStored > 0);
  });

  test("a rate that the generator cannot meet makes the run invalid, with the reason", async () => {
    const result = await load(deployment.target, {
      churn: {},
      arrivals: { kind: "constant", ratePerSecond: 200_000 },
      encryption: { mode: "sealed" },
      warmUpSeconds: 0,
      durationSeconds: 0.03,
      settleSeconds: 30,
    });
    assert.equal(result.valid, false);
    assert.ok(
      result.invalidReasons.some(({ code }) => generatorCodes.has(code)),
      result.invalidReasons.map(invalidText).join(),
    );
  });

  test("a target that does not answer is a failure with a code", async () => {
    await assert.rejects(load("127.0.0.1:1", {}), { code: "offline" });
  });

  test("a run that is stopped ends soon, with all its threads", async () => {
    const stopping = new AbortController();
    const running = load(
      deployment.target,
      { durationSeconds: 60 },
      { signal: stopping.signal, onMeasure: async () => stopping.abort() },
    );
    await assert.rejects(running, { code: "interrupted" });
    assert.deepEqual(
      process.getActiveResourcesInfo().filter((resource) => resource === "Timeout" || resource === "Worker"),
      [],
      "no timer and no thread is left",
    );
  });
});
