import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import * as opaque from "../../e2ee/opaque-client.ts";
import { createOpaqueSecret, opaqueServer } from "../../e2ee/opaque-server.ts";
import type { Query } from "../../store/database.ts";
import { FakeClock } from "../../testing/fake-clock.ts";
import { encodeServerFrame } from "../../wire/server-frame.ts";
import type { ServerContext } from "../server-context.ts";
import { LoginGate } from "../sessions/login-gate.ts";
import { Authentication } from "./authentication.ts";

const rightPassword = "alice's";

/** A server with one user, which writes down every step that it takes: whom it asks what, and how long the words are. */
async function serverOfAlice() {
  const steps: string[] = [];
  const real = await opaqueServer(await createOpaqueSecret());
  const started = await opaque.startRegistration(rightPassword);
  const response = await real.registrationResponse("alice", started.message);
  assert.ok(response.ok);
  const finished = await opaque.finishRegistration(rightPassword, started.state, response.value, "simulated");
  assert.ok(finished.ok);
  const alice = { id: 1, name: "alice", credential: "alice", record: finished.value.message };
  const clock = new FakeClock();
  const server = {
    clock,
    gate: new LoginGate({ burst: 100, perSecond: 1 }, clock),
    database: {
      async query({ text, values }: Query) {
        steps.push(`query ${text}`);
        return values?.[0] === "alice" ? [alice] : [];
      },
    },
    opaque: {
      startLogin(...args: Parameters<typeof real.startLogin>) {
        steps.push(`startLogin ${args[0].length} ${args[2].length}`);
        return real.startLogin(...args);
      },
      finishLogin(...args: Parameters<typeof real.finishLogin>) {
        steps.push(`finishLogin ${args[0].length} ${args[1].length}`);
        return real.finishLogin(...args);
      },
    },
  } as unknown as ServerContext;
  /** What a login leads to, as its sender sees it on the wire, but for the secrets that are random each time. */
  const logIn = async (name: string, password: string) => {
    steps.length = 0;
    const authentication = new Authentication(server, { authenticated: () => true });
    const begun = await opaque.startLogin(password);
    const first = await authentication.logInStart({ name, message: begun.message });
    assert.equal(first.kind, "logInStarted");
    const opened = await opaque.finishLogin(
      password,
      begun.state,
      first.kind === "logInStarted" ? first.message : new Uint8Array(),
      "simulated",
    );
    // Who does not know the password cannot make this message, and sends one of its length.
    const message = opened.ok ? opened.value.message : randomBytes(64);
    const last = await authentication.logInFinish({ message });
    return {
      opened: opened.ok,
      firstBytes: encodeServerFrame({ request: 1, ...first }).length,
      last: Buffer.from(encodeServerFrame({ request: 2, ...last })).toString("hex"),
      steps: [...steps],
    };
  };
  return logIn;
}

test("a wrong password and a user that is not there take the server the same steps, and look the same", async () => {
  const logIn = await serverOfAlice();
  const wrong = await logIn("alice", "a guess");
  assert.equal(wrong.steps.length, 3, "it looks for the user, answers, and checks");
  // As long as alice's, or the requests would differ in length themselves.
  assert.deepEqual(await logIn("nobdy", "a guess"), wrong);
  // A name that cannot be anybody's is no shortcut either.
  assert.deepEqual(await logIn("no ne", "a guess"), wrong);
});
