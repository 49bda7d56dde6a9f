import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { before, suite, test } from "node:test";
import * as client from "./opaque-client.ts";
import { createOpaqueSecret, type OpaqueServer, opaqueServer } from "./opaque-server.ts";

suite("OPAQUE", () => {
  let secret: string;
  let server: OpaqueServer;
  before(async () => {
    secret = await createOpaqueSecret();
    server = await opaqueServer(secret);
  });

  async function register(name: string, password: string) {
    const started = await client.startRegistration(password);
    const answer = await server.registrationResponse(name, started.message);
    assert.ok(answer.ok);
    const finished = await client.finishRegistration(password, started.state, answer.value, "simulated");
    assert.ok(finished.ok);
    return { record: finished.value.message, exportKey: finished.value.exportKey };
  }

  /** The export key when the client gets that far, and whether the server lets it in. */
  async function logIn(name: string, password: string, record: Uint8Array | null, at = server) {
    const started = await client.startLogin(password);
    const answer = await at.startLogin(name, record, started.message);
    assert.ok(answer.ok);
    const finished = await client.finishLogin(password, started.state, answer.value.message, "simulated");
    if (!finished.ok)
      return { exportKey: undefined, letIn: (await at.finishLogin(answer.value.state, randomBytes(64))).ok };
    return {
      exportKey: finished.value.exportKey,
      letIn: (await at.finishLogin(answer.value.state, finished.value.message)).ok,
    };
  }

  test("who knows the password gets in, with the same export key each time", async () => {
    const { record, exportKey } = await register("alice", "correct horse");
    assert.equal(exportKey.length, 64);
    for (let i = 0; i < 2; i++) {
      const login = await logIn("alice", "correct horse", record);
      assert.equal(login.letIn, true);
      assert.deepEqual(login.exportKey, exportKey);
    }
  });

  test("a wrong password fails at the client and at the server, as an unknown name does", async () => {
    const { record } = await register("alice", "correct horse");
    assert.deepEqual(await logIn("alice", "wrong horse", record), { exportKey: undefined, letIn: false });
    assert.deepEqual(await logIn("nobody", "correct horse", null), { exportKey: undefined, letIn: false });
  });

  test("another user's record, or another server's secret, does not fit", async () => {
    const { record } = await register("alice", "correct horse");
    assert.equal((await logIn("bob", "correct horse", record)).letIn, false);
    const stranger = await opaqueServer(await createOpaqueSecret());
    assert.deepEqual(await logIn("alice", "correct horse", record, stranger), { exportKey: undefined, letIn: false });
  });

  test("the password is in nothing that the server is given", async () => {
    const password = "a password that would be seen";
    const started = await client.startRegistration(password);
    const { record } = await register("alice", password);
    const login = await client.startLogin(password);
    for (const message of [started.message, record, login.message]) {
      assert.equal(Buffer.from(message).includes(password), false);
    }
  });

  test("messages that are none are refused, on both sides, and nothing throws", async () => {
    const { record } = await register("alice", "correct horse");
    const started = await client.startLogin("correct horse");
    for (const noise of [new Uint8Array(0), randomBytes(10), randomBytes(32), randomBytes(96), randomBytes(500)]) {
      assert.deepEqual(await server.startLogin("alice", record, noise.length === 96 ? noise.subarray(1) : noise), {
        ok: false,
        reason: "wrong",
      });
      assert.equal((await client.finishLogin("correct horse", started.state, noise, "simulated")).ok, false);
    }
    assert.deepEqual(await server.registrationResponse("alice", randomBytes(31)), { ok: false, reason: "wrong" });
    assert.deepEqual(await server.finishLogin("no state", randomBytes(64)), { ok: false, reason: "wrong" });
  });

  test("the messages have the lengths that the protocol names", async () => {
    const started = await client.startRegistration("p");
    const { record } = await register("alice", "p");
    const login = await client.startLogin("p");
    const answer = await server.startLogin("alice", record, login.message);
    assert.ok(answer.ok);
    assert.deepEqual(
      [started.message.length, record.length, login.message.length, answer.value.message.length],
      [32, 192, 96, 320],
    );
  });
});
