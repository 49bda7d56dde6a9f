import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { before, suite, test } from "node:test";
import { type Parsed, refused, valueOf } from "../platform/result.ts";
import { opaqueBytes } from "../wire/opaque-bytes.ts";
import * as client from "./opaque-client.ts";
import { createOpaqueSecret, isOpaqueSecret, type OpaqueServer, opaqueServer } from "./opaque-server.ts";
import { toText } from "./opaque-text.ts";

type OpaqueStep = readonly [
  name: keyof typeof opaqueBytes,
  message: Uint8Array,
  read: (bytes: Uint8Array) => Promise<Parsed<unknown, unknown>>,
  /** Offsets of the group elements in it. */
  elements: readonly number[],
];

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

  /** The export key, if the client can compute it, and whether the server admits the client. */
  async function logIn(name: string, password: string, record: Uint8Array | null, at = server) {
    const started = await client.startLogin(password);
    const answer = await at.startLogin(name, record, started.message);
    assert.ok(answer.ok);
    const finished = await client.finishLogin(password, started.state, answer.value.message, "simulated");
    if (!finished.ok)
      return { exportKey: undefined, isAdmitted: (await at.finishLogin(answer.value.state, randomBytes(64))).ok };
    return {
      exportKey: finished.value.exportKey,
      isAdmitted: (await at.finishLogin(answer.value.state, finished.value.message)).ok,
    };
  }

  test("the right password logs in, with the same export key each time", async () => {
    const { record, exportKey } = await register("alice", "correct horse");
    assert.equal(exportKey.length, 64);
    for (let i = 0; i < 2; i++) {
      const login = await logIn("alice", "correct horse", record);
      assert.equal(login.isAdmitted, true);
      assert.deepEqual(login.exportKey, exportKey);
    }
  });

  test("a password is the same however its characters were composed when it was typed", async () => {
    const { record, exportKey } = await register("alice", "cafe\u0301");
    assert.deepEqual(await logIn("alice", "caf\u00e9", record), { exportKey, isAdmitted: true });
    const composed = await register("alice", "caf\u00e9");
    assert.equal((await logIn("alice", "cafe\u0301", composed.record)).isAdmitted, true);
  });

  test("a wrong password fails at the client and at the server, as an unknown name does", async () => {
    const { record } = await register("alice", "correct horse");
    assert.deepEqual(await logIn("alice", "wrong horse", record), { exportKey: undefined, isAdmitted: false });
    assert.deepEqual(await logIn("nobody", "correct horse", null), { exportKey: undefined, isAdmitted: false });
  });

  test("another user's record, or another server's secret, does not fit", async () => {
    const { record } = await register("alice", "correct horse");
    assert.equal((await logIn("bob", "correct horse", record)).isAdmitted, false);
    const stranger = await opaqueServer(await createOpaqueSecret());
    assert.deepEqual(await logIn("alice", "correct horse", record, stranger), {
      exportKey: undefined,
      isAdmitted: false,
    });
  });

  test("no message to the server has the password in it", async () => {
    const password = "a password that would be seen";
    const started = await client.startRegistration(password);
    const { record } = await register("alice", password);
    const login = await client.startLogin(password);
    for (const message of [started.message, record, login.message]) {
      assert.equal(Buffer.from(message).includes(password), false);
    }
  });

  test("noise in place of messages is refused on both sides, and nothing throws", async () => {
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

  /** The messages of a registration and a login, in both directions, with the step that reads each. */
  async function steps(): Promise<readonly OpaqueStep[]> {
    const begun = await client.startRegistration("p");
    const response = valueOf(await server.registrationResponse("alice", begun.message));
    const registered = valueOf(await client.finishRegistration("p", begun.state, response, "simulated"));
    const login = await client.startLogin("p");
    const answer = valueOf(await server.startLogin("alice", registered.message, login.message));
    const finished = valueOf(await client.finishLogin("p", login.state, answer.message, "simulated"));
    return [
      ["registrationRequest", begun.message, (bytes) => server.registrationResponse("alice", bytes), [0]],
      [
        "registrationResponse",
        response,
        (bytes) => client.finishRegistration("p", begun.state, bytes, "simulated"),
        [0, 32],
      ],
      ["registrationRecord", registered.message, (bytes) => server.checkRecord(bytes), [0]],
      ["ke1", login.message, (bytes) => server.startLogin("alice", registered.message, bytes), [0, 64]],
      ["ke2", answer.message, (bytes) => client.finishLogin("p", login.state, bytes, "simulated"), [0]],
      ["ke3", finished.message, (bytes) => server.finishLogin(answer.state, bytes), []],
    ];
  }

  test("a message has the bytes that the protocol names, and is refused with more or fewer", async () => {
    for (const [name, message, read] of await steps()) {
      assert.equal(message.length, opaqueBytes[name], name);
      assert.ok((await read(message)).ok, name);
      const more = Buffer.concat([message, message]);
      for (const length of [0, 1, message.length - 1, message.length + 1, more.length]) {
        assert.equal((await read(more.subarray(0, length))).ok, false, `${name} of ${length} bytes`);
      }
    }
  });

  test("a group element that is the identity, or no canonical encoding, is refused", async () => {
    // RFC 9496, appendix A.3: a field element that is not reduced, a negative one, and one that is on no point.
    const bad = [
      "00".repeat(32),
      "ff".repeat(32),
      "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
      "0100000000000000000000000000000000000000000000000000000000000000",
      "26948d35ca62e643e26a83177332e6b6afeb9d08e4268b650f1f5bbd8d81d371",
    ];
    for (const [name, message, read, elements] of await steps()) {
      for (const at of elements) {
        for (const element of bad) {
          const changed = Buffer.from(message);
          changed.write(element, at, "hex");
          assert.equal((await read(changed)).ok, false, `${name}, ${element} at ${at}`);
        }
      }
    }
  });

  test("a server's secret is whole, or it is none", async () => {
    assert.equal(await isOpaqueSecret(secret), true);
    const bytes = Buffer.from(secret, "base64url");
    assert.equal(bytes.length, 128);
    for (const other of [
      "",
      "no secret",
      toText(bytes.subarray(1)),
      toText(Buffer.concat([bytes, Buffer.alloc(1)])),
      toText(Buffer.alloc(128, 0xff)),
    ]) {
      assert.equal(await isOpaqueSecret(other), false, other);
    }
  });

  test("a server that computes in the calling thread has no step that waits", async () => {
    assert.equal(await server.waiting(), 0);
  });

  test("a refusal says what is wrong: the length of a message, or the password", async () => {
    const { record } = await register("alice", "correct horse");
    const started = await client.startLogin("wrong horse");
    const answer = valueOf(await server.startLogin("alice", record, started.message));
    assert.deepEqual(
      await client.finishLogin("wrong horse", started.state, answer.message, "simulated"),
      refused("wrong password or unknown user"),
    );
    assert.deepEqual(
      await client.finishLogin("wrong horse", started.state, answer.message.subarray(1), "simulated"),
      refused("it has 319 bytes instead of 320"),
    );
  });
});
