import assert from "node:assert/strict";
import { test } from "node:test";
import { Counters } from "./counters.ts";
import { ServerMetrics } from "./metrics.ts";

/** The metrics of a server of which a test says what it has done. */
function newMetrics() {
  const counters = new Counters();
  const server = {
    counters,
    bus: { self: "s3" },
    users: { count: 50 },
    groups: { size: 12 },
    writer: { waiting: 7, away: false },
    opaque: { waiting: async () => 4 },
  };
  const metrics = new ServerMetrics(server, {
    read: () => ({ p50Ms: 1, p99Ms: 12.5, maxMs: 400, utilization: 0.5 }),
  });
  /** The lines of `/metrics` that begin so, without the label of the server. */
  const lines = async (name: string) =>
    (await metrics.text())
      .split("\n")
      .filter((line) => line.startsWith(name))
      .map((line) =>
        line
          .replace(/server="s3",|,?server="s3"/, "")
          .replace("{}", "")
          .slice(name.length),
      );
  return { counters, server, metrics, lines };
}

test("each count is shown as it stands, however often it is asked for", async () => {
  const { counters, lines } = newMetrics();
  Object.assign(counters, {
    sends: 11,
    acknowledged: 12,
    deliveries: 13,
    crossServerCopies: 14,
    slowConsumers: 15,
    logins: 16,
    resumes: 17,
    sweepRepairs: 18,
  } satisfies Partial<Counters>);
  const shown = async () =>
    Promise.all(
      ["sends", "acknowledged", "deliveries", "cross_server_copies", "backpressure_disconnects", "logins"]
        .concat("resumes", "sweep_repairs")
        .map(async (name) => (await lines(`fastchat_${name}_total`))[0]?.trim()),
    );
  const counts = ["11", "12", "13", "14", "15", "16", "17", "18"];
  assert.deepEqual(await shown(), counts);
  assert.deepEqual(await shown(), counts, "a second reading adds nothing");
  counters.sends++;
  assert.equal((await shown())[0], "12");
});

test("refused messages are counted by their code", async () => {
  const { counters, lines } = newMetrics();
  for (const code of ["busy", "busy", "rate_limited"]) counters.rejected(code);
  for (let reading = 0; reading < 2; reading++) {
    assert.deepEqual(await lines("fastchat_rejects_total"), ['{code="busy"} 2', '{code="rate_limited"} 1']);
  }
});

test("what a server has now is shown, and which process it is part of", async () => {
  const { server, lines } = newMetrics();
  const values = async () =>
    Promise.all(
      ["connections", "groups", "writer_waiting_rows", "database_away", "opaque_waiting_steps", "process_id"].map(
        async (name) => Number((await lines(`fastchat_${name}`))[0]),
      ),
    );
  assert.deepEqual(await values(), [50, 12, 7, 0, 4, process.pid]);
  server.users.count = 49;
  server.writer.away = true;
  assert.deepEqual(await values(), [49, 12, 7, 1, 4, process.pid]);
});

test("the event loop's lag is in seconds, by quantile", async () => {
  const { lines } = newMetrics();
  assert.deepEqual(await lines("fastchat_loop_lag_seconds{"), [
    'quantile="0.5"} 0.001',
    'quantile="0.99"} 0.0125',
    'quantile="1"} 0.4',
  ]);
});

test("commits are counted with their rows, and with the seconds that each took by its path", async () => {
  const { metrics, lines } = newMetrics();
  metrics.committed({ rows: 30, milliseconds: 2, path: "statement" });
  metrics.committed({ rows: 500, milliseconds: 40, path: "copy" });
  assert.deepEqual(await lines("fastchat_batch_rows_sum"), [" 530"]);
  assert.deepEqual(await lines("fastchat_batch_rows_count"), [" 2"]);
  assert.deepEqual(await lines("fastchat_commit_seconds_sum"), ['{path="statement"} 0.002', '{path="copy"} 0.04']);
});
