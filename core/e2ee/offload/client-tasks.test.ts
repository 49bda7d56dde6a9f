import assert from "node:assert/strict";
import { before, suite, test } from "node:test";
import { Pool } from "../../platform/pool.ts";
import { accepted, refused, valueOf } from "../../platform/result.ts";
import { FakePool } from "../../testing/fake-pool.ts";
import { keyPair } from "../../testing/key-pairs.ts";
import { present } from "../../testing/present.ts";
import { epoch, groupId } from "../../wire/ids.ts";
import { createIdentity, type IdentityKeyPairs } from "../identity.ts";
import type { WrapJob } from "../key-wrap.ts";
import * as opaque from "../opaque-client.ts";
import { createOpaqueSecret, type OpaqueServer, opaqueServer } from "../opaque-server.ts";
import { openPublicIdentity } from "../public-identity.ts";
import * as tasks from "./client-tasks.ts";

suite("a client's cryptography in the pool", () => {
  let keys: IdentityKeyPairs;
  let server: OpaqueServer;
  before(async () => {
    keys = await keyPair(0);
    server = await opaqueServer(await createOpaqueSecret());
  });

  const context = (number: number) => ({
    group: groupId(7),
    epoch: epoch(number + 1),
    recipientFingerprint: Buffer.alloc(32, 1),
  });
  const keyOf = (number: number) => Buffer.alloc(32, number);
  /** Each wraps another key, for another epoch. */
  const jobs = (count: number): WrapJob[] =>
    Array.from({ length: count }, (_, number) => ({
      ...context(number),
      publicKey: keys.public.wrapping,
      key: keyOf(number),
    }));
  const unwrapJob = (number: number, wrapped: Uint8Array) => ({
    ...context(number),
    privateKey: keys.private.wrapping,
    wrapped,
  });

  function assertKeys(wrapped: readonly Uint8Array[], count: number): void {
    assert.equal(wrapped.length, count);
    for (const [number, bytes] of wrapped.entries()) {
      const key = tasks.unwrap(unwrapJob(number, bytes));
      assert.ok(key.ok && keyOf(number).equals(key.value), `the key of number ${number}`);
    }
  }

  test("up to three keys are wrapped in the calling thread, and more in tasks of a hundred", async () => {
    const [few, many] = [new FakePool(), new FakePool()];
    await new tasks.PooledClientCrypto(() => few).wrap(jobs(3));
    assert.deepEqual(few.asked, []);
    const four = new FakePool();
    await new tasks.PooledClientCrypto(() => four).wrap(jobs(4));
    assert.equal(four.asked.length, 1);
    assert.equal((await new tasks.PooledClientCrypto(() => many).wrap(jobs(200))).length, 200);
    assert.deepEqual(
      many.asked.map(({ task, input }) => [task, Array.isArray(input) && input.length]),
      [
        ["wrap", 100],
        ["wrap", 100],
      ],
    );
  });

  test("wrapped keys come in the order of their members, from whatever task or thread", async () => {
    const limits = { inlineWrapsMax: 1, wrapsPerTask: 2 };
    assertKeys(await new tasks.PooledClientCrypto(() => new FakePool(), limits).wrap(jobs(5)), 5);
    const pool = new Pool({ filename: tasks.clientTasksFile, threadsMax: 1, queueMax: 10 });
    const crypto = new tasks.PooledClientCrypto(async () => pool, limits);
    const wrapped = await crypto.wrap(jobs(5));
    assertKeys(wrapped, 5);
    assert.deepEqual(Buffer.from(valueOf(await crypto.unwrap(unwrapJob(4, present(wrapped[4]))))), keyOf(4));
    await pool.close();
  });

  test("what the pool has computed is the answer", async () => {
    const answers: Record<string, unknown> = {
      generateKeys: keys,
      finishRegistration: refused("of the registration"),
      finishLogin: refused("of the login"),
      unwrap: refused("of the wrapped key"),
      wrap: [keyOf(1), keyOf(2)],
    };
    const pool = new FakePool((task) => answers[task]);
    const crypto = new tasks.PooledClientCrypto(() => pool, { inlineWrapsMax: 0, wrapsPerTask: 2 });
    assert.equal(await crypto.generateKeys(), keys);
    const response = Buffer.alloc(4);
    assert.deepEqual(
      [
        await crypto.finishRegistration("p", "s", response, "simulated"),
        await crypto.finishLogin("p", "s", response, "simulated"),
        await crypto.unwrap(unwrapJob(1, response)),
      ],
      [refused("of the registration"), refused("of the login"), refused("of the wrapped key")],
    );
    assert.deepEqual(await crypto.wrap(jobs(3)), [keyOf(1), keyOf(2), keyOf(1), keyOf(2)]);
    const args = ["p", "s", response, "simulated"];
    assert.deepEqual(pool.asked.slice(0, 4), [
      { task: "generateKeys", input: undefined },
      { task: "finishRegistration", input: args },
      { task: "finishLogin", input: args },
      { task: "unwrap", input: unwrapJob(1, response) },
    ]);
  });

  test("when the pool's queue is full everything is computed in the calling thread", async () => {
    const crypto = new tasks.PooledClientCrypto(() => new FakePool());
    const begun = await crypto.startRegistration("p");
    const response = valueOf(await server.registrationResponse("alice", begun.message));
    const record = valueOf(await crypto.finishRegistration("p", begun.state, response, "simulated"));
    const login = await crypto.startLogin("p");
    const started = valueOf(await server.startLogin("alice", record.message, login.message));
    const finished = valueOf(await crypto.finishLogin("p", login.state, started.message, "simulated"));
    assert.deepEqual(finished.exportKey, record.exportKey);
    assert.ok((await server.finishLogin(started.state, finished.message)).ok);
    const [wrapped] = tasks.wrap(jobs(1));
    assert.deepEqual(await crypto.unwrap(unwrapJob(0, present(wrapped))), accepted(keyOf(0)));
    assert.deepEqual(
      await crypto.unwrap(unwrapJob(1, present(wrapped))),
      refused("the wrapped key is not for this group, epoch and recipient"),
    );
    const made = openPublicIdentity(createIdentity("alice", await crypto.generateKeys()).public.bytes);
    assert.ok(made.ok, JSON.stringify(made));
  });

  test("the steps that are quick are those of the calling thread", () => {
    const crypto = new tasks.PooledClientCrypto(() => assert.fail("no pool is needed"));
    assert.equal(crypto.startLogin, opaque.startLogin);
    assert.equal(crypto.startRegistration, opaque.startRegistration);
  });
});
