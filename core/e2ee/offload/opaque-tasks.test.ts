import assert from "node:assert/strict";
import { test } from "node:test";
import { Pool } from "../../platform/pool.ts";
import { refused } from "../../platform/result.ts";
import { FakePool } from "../../testing/fake-pool.ts";
import * as client from "../opaque-client.ts";
import { createOpaqueSecret } from "../opaque-server.ts";
import * as tasks from "./opaque-tasks.ts";

const poolOf = async (of: { threadsMax: number; queueMax: number }) =>
  new Pool({ filename: tasks.opaqueTasksFile, ...of, workerData: { opaqueSecret: await createOpaqueSecret() } });

test("a login in the pool gives the outcomes that it gives in the calling thread", async () => {
  const pool = await poolOf({ threadsMax: 1, queueMax: 10 });
  const server = tasks.pooledOpaque(pool);
  const started = await client.startRegistration("p");
  const response = await server.registrationResponse("alice", started.message);
  assert.ok(response.ok);
  const record = await client.finishRegistration("p", started.state, response.value, "simulated");
  assert.ok(record.ok);
  assert.ok((await server.checkRecord(record.value.message)).ok);
  const login = await client.startLogin("p");
  const answer = await server.startLogin("alice", record.value.message, login.message);
  assert.ok(answer.ok);
  const finished = await client.finishLogin("p", login.state, answer.value.message, "simulated");
  assert.ok(finished.ok);
  assert.ok((await server.finishLogin(answer.value.state, finished.value.message)).ok);
  assert.deepEqual(await server.registrationResponse("alice", new Uint8Array(3)), { ok: false, reason: "wrong" });
  await pool.close();
});

test("a full queue refuses as busy at once, and every task that was taken in is done", async () => {
  const pool = await poolOf({ threadsMax: 1, queueMax: 3 });
  const server = tasks.pooledOpaque(pool);
  const { message } = await client.startRegistration("p");
  const asked = Array.from({ length: 40 }, () => server.registrationResponse("alice", message));
  assert.equal(await server.waiting(), 3);
  const outcomes = await Promise.all(asked);
  const done = outcomes.filter(({ ok }) => ok).length;
  assert.ok(done >= 3, `${done} were done`);
  assert.ok(outcomes.every((outcome) => outcome.ok || outcome.reason === "busy"));
  assert.ok(done < 40, "some were refused");
  assert.equal(await server.waiting(), 0);
  await pool.close();
});

test("each step is the task of its name, with what it was asked, and the pool's outcome is the answer", async () => {
  const pool = new FakePool((task) => refused(task));
  const server = tasks.pooledOpaque(pool);
  const bytes = new Uint8Array(1);
  assert.deepEqual(
    [
      await server.registrationResponse("alice", bytes),
      await server.checkRecord(bytes),
      await server.startLogin("alice", null, bytes),
      await server.finishLogin("state", bytes),
    ],
    ["registrationResponse", "checkRecord", "startLogin", "finishLogin"].map(refused),
  );
  assert.deepEqual(
    pool.asked.map(({ input }) => input),
    [["alice", bytes], [bytes], ["alice", null, bytes], ["state", bytes]],
  );
  pool.waiting = 5;
  assert.equal(await server.waiting(), 5);
});

test("a task that is run outside of its pool's threads fails, since it has no secret", async () => {
  const bytes = new Uint8Array(1);
  for (const step of [
    () => tasks.registrationResponse(["alice", bytes]),
    () => tasks.checkRecord([bytes]),
    () => tasks.startLogin(["alice", null, bytes]),
    () => tasks.finishLogin(["state", bytes]),
  ]) {
    await assert.rejects(step, /outside of its pool/);
  }
});
