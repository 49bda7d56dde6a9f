import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import * as opaque from "../../e2ee/opaque-client.ts";
import { createOpaqueSecret, opaqueServer } from "../../e2ee/opaque-server.ts";
import { refused } from "../../platform/result.ts";
import { FakeClock } from "../../testing/fake-clock.ts";
import { encodeServerFrame } from "../../wire/server-frame.ts";
import { Counters } from "../counters.ts";
import { LoginGate } from "../sessions/login-gate.ts";
import { RevokedSessions } from "../sessions/revoked-sessions.ts";
import { SessionTokens } from "../sessions/tokens.ts";
import { databaseDouble } from "../testing/doubles.ts";
import { Authentication, type AuthenticationParts } from "./authentication.ts";

const rightPassword = "alice's";

/**
 * A server with one user, which records every step of a login: the queries, and the calls of OPAQUE with the lengths of their
 * arguments.
 */
async function serverOfAlice(burst = 100) {
  const steps: string[] = [];
  const real = await opaqueServer(await createOpaqueSecret());
  const started = await opaque.startRegistration(rightPassword);
  const response = await real.registrationResponse("alice", started.message);
  assert.ok(response.ok);
  const finished = await opaque.finishRegistration(rightPassword, started.state, response.value, "simulated");
  assert.ok(finished.ok);
  const alice = { id: 1, name: "alice", credential: "alice", record: finished.value.message };
  const clock = new FakeClock();
  const crypto = { isBusy: false };
  const server: AuthenticationParts = {
    clock,
    gate: new LoginGate({ burst, perSecond: 1 }, clock),
    counters: new Counters(),
    tokens: new SessionTokens(new Uint8Array(32), 1e9),
    revoked: new RevokedSessions(1e9),
    bus: { self: "s0" },
    database: databaseDouble(async ({ text, values }) => {
      steps.push(`query ${text}`);
      return values?.[0] === "alice" ? [alice] : [];
    }),
    opaque: {
      ...real,
      startLogin(...args: Parameters<typeof real.startLogin>) {
        steps.push(`startLogin ${args[0].length} ${args[2].length}`);
        if (crypto.isBusy) return Promise.resolve(refused("busy"));
        return real.startLogin(...args);
      },
      finishLogin(...args: Parameters<typeof real.finishLogin>) {
        steps.push(`finishLogin ${args[0].length} ${args[1].length}`);
        return real.finishLogin(...args);
      },
    },
  };
  /** What a client can see of a login on the wire, without the secrets that are random each time, and the server's steps. */
  const logIn = async (name: string, password: string) => {
    steps.length = 0;
    const authentication = new Authentication(server, { authenticated: () => true });
    const begun = await opaque.startLogin(password);
    const first = await authentication.logInStart({ name, message: begun.message });
    if (first.kind === "error") return { code: first.code };
    const opened = await opaque.finishLogin(
      password,
      begun.state,
      first.kind === "logInStarted" ? first.message : new Uint8Array(),
      "simulated",
    );
    // A client that does not know the password cannot make this message, and sends random bytes of its length.
    const message = opened.ok ? opened.value.message : randomBytes(64);
    const last = await authentication.logInFinish({ message });
    return {
      opened: opened.ok,
      firstBytes: encodeServerFrame({ request: 1, ...first }).length,
      last: Buffer.from(encodeServerFrame({ request: 2, ...last })).toString("hex"),
      code: last.kind === "error" ? last.code : last.kind,
      steps: [...steps],
    };
  };
  /** Begins a login with a message that is none. */
  const beginWrongly = (name: string) =>
    new Authentication(server, { authenticated: () => true }).logInStart({ name, message: new Uint8Array(96) });
  return { logIn, crypto, beginWrongly };
}

test("a wrong password and an unknown user take the server the same steps, and look the same", async () => {
  const { logIn } = await serverOfAlice();
  const wrong = await logIn("alice", "a guess");
  assert.equal(wrong.steps?.length, 3, "it looks for the user, answers, and checks");
  // A name as long as alice's, so that the requests have the same length.
  assert.deepEqual(await logIn("nobdy", "a guess"), wrong);
  // A name that cannot be anybody's is no shortcut either.
  assert.deepEqual(await logIn("no ne", "a guess"), wrong);
});

test("failed logins of a name use up its budget, and successful ones nothing", async () => {
  const { logIn } = await serverOfAlice(3);
  const codes = async (name: string, ...passwords: readonly string[]) => {
    const outcomes: string[] = [];
    for (const password of passwords) outcomes.push((await logIn(name, password)).code);
    return outcomes;
  };
  for (let round = 0; round < 5; round++) assert.deepEqual(await codes("alice", rightPassword), ["welcome"]);
  assert.deepEqual(await codes("alice", "one", "two", rightPassword, "three", rightPassword), [
    "login_failed",
    "login_failed",
    "welcome",
    "login_failed",
    "too_many_attempts",
  ]);
  // Names that nobody has, or can have, are slowed down alike, and each by itself.
  for (const name of ["nobdy", "no ne"]) {
    assert.deepEqual((await codes(name, "one", "two", "three", "four")).slice(2), [
      "login_failed",
      "too_many_attempts",
    ]);
  }
});

test("a login that finds too many others under way costs no try, and one that is begun with nonsense does", async () => {
  const { logIn, crypto, beginWrongly } = await serverOfAlice(2);
  crypto.isBusy = true;
  for (let round = 0; round < 4; round++) assert.equal((await logIn("alice", rightPassword)).code, "busy");
  crypto.isBusy = false;
  assert.equal((await logIn("alice", rightPassword)).code, "welcome");
  const codes: unknown[] = [];
  for (let round = 0; round < 3; round++) {
    const answer = await beginWrongly("alice");
    codes.push(answer.kind === "error" ? answer.code : answer.kind);
  }
  assert.deepEqual(codes, ["malformed_frame", "malformed_frame", "too_many_attempts"]);
});
