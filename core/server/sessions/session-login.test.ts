import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import path from "node:path";
import { after, before, suite, test } from "node:test";
import { loadOrCreateSecret } from "../../cluster/deployment-secret.ts";
import * as opaque from "../../e2ee/opaque-client.ts";
import type { TestDeployment } from "../../testing/deployment.ts";
import { person } from "../../testing/person.ts";
import { present } from "../../testing/present.ts";
import { RawClient } from "../../testing/raw-client.ts";
import { deployStrict, errorOf, freshName, messageOf, rawAs } from "../../testing/session-frames.ts";
import { transportsHere } from "../../testing/transports-here.ts";
import { until } from "../../testing/until.ts";
import { SessionTokens } from "./tokens.ts";

for (const transport of transportsHere) {
  suite(`logging in over ${transport}`, () => {
    let deployment: TestDeployment;
    const metric = async (name: string) => {
      const text = await (await fetch(`http://${deployment.target}/metrics`)).text();
      return Number(new RegExp(`^${name}\\{[^}]*\\} (\\S+)$`, "m").exec(text)?.[1]);
    };
    before(async () => {
      deployment = await deployStrict(transport);
    });
    after(() => deployment.stop());

    test("of two logins at once on a connection, one becomes its user", async () => {
      const alice = await person(deployment.target, freshName("alice"));
      const bob = await person(deployment.target, freshName("bob"));
      const raw = await RawClient.open(deployment.cluster.url);
      const started = await opaque.startLogin(`password of ${alice.name}`);
      const answer = await raw.ask({ kind: "logInStart", name: alice.name, message: started.message });
      const finished = await opaque.finishLogin(
        `password of ${alice.name}`,
        started.state,
        messageOf(answer),
        "simulated",
      );
      assert.ok(finished.ok);
      const both = await Promise.all([
        raw.ask({ kind: "logInFinish", message: finished.value.message }),
        raw.ask({ kind: "resume", token: bob.token }),
      ]);
      assert.equal(both.filter(({ kind }) => kind === "welcome").length, 1);
      assert.ok(both.some((frame) => errorOf(frame) === "already_authenticated"));
      await until(async () => (await metric("fastchat_connections")) >= 1, "the metrics count the connection");
      const before = await metric("fastchat_connections");
      raw.destroy();
      await until(async () => (await metric("fastchat_connections")) === before - 1, "nobody is left behind");
    });

    test("a second login on a connection is refused and the connection stays", async () => {
      const alice = await person(deployment.target, freshName("alice"));
      const raw = await rawAs(deployment, alice);
      assert.equal(errorOf(await raw.ask({ kind: "resume", token: alice.token })), "already_authenticated");
      assert.equal((await raw.ask({ kind: "ping" })).kind, "pong");
    });

    test("a name is taken in every spelling of it", async () => {
      const name = freshName("straße");
      await person(deployment.target, name);
      for (const spelling of [name, name.toUpperCase(), name.replace("ß", "SS")]) {
        await assert.rejects(person(deployment.target, spelling), /name_taken/);
      }
    });

    test("a name with characters that are not allowed is refused as name_invalid", async () => {
      const raw = await RawClient.open(deployment.cluster.url);
      const { message } = await opaque.startRegistration("password");
      for (const name of ["", " ", "a b", "-a", "a\u200bb", "a\nb", "x".repeat(33)]) {
        assert.equal(
          errorOf(await raw.ask({ kind: "signUpStart", name, message })),
          "name_invalid",
          JSON.stringify(name),
        );
      }
    });

    test("an unknown user and a wrong password get answers of the same form, and both fail at the end", async () => {
      const alice = await person(deployment.target, freshName("alice"));
      const answers = [];
      for (const name of [alice.name, freshName("nobody")]) {
        const raw = await RawClient.open(deployment.cluster.url);
        const started = await opaque.startLogin("wrong");
        const answer = await raw.ask({ kind: "logInStart", name, message: started.message });
        assert.equal(answer.kind, "logInStarted");
        answers.push(answer.kind === "logInStarted" ? answer.message.length : 0);
        assert.equal((await opaque.finishLogin("wrong", started.state, messageOf(answer), "simulated")).ok, false);
        assert.equal(errorOf(await raw.ask({ kind: "logInFinish", message: randomBytes(64) })), "login_failed");
      }
      assert.equal(answers[0], answers[1]);
    });

    test("guessing a password is slowed down, for names that exist and names that do not", async () => {
      const alice = await person(deployment.target, freshName("alice"));
      for (const name of [alice.name, freshName("nobody")]) {
        const raw = await RawClient.open(deployment.cluster.url);
        const codes = [];
        for (let i = 0; i < 4; i++) {
          const { message } = await opaque.startLogin(`guess ${i}`);
          const answer = await raw.ask({ kind: "logInStart", name, message });
          codes.push(answer.kind === "error" ? answer.code : "started");
          if (answer.kind === "error") assert.ok((answer.retryAfterMs ?? 0) > 0);
        }
        assert.deepEqual(codes, ["started", "started", "started", "too_many_attempts"]);
      }
    });

    test("the finish of a login without its start is refused", async () => {
      const raw = await RawClient.open(deployment.cluster.url);
      assert.equal(errorOf(await raw.ask({ kind: "logInFinish", message: randomBytes(64) })), "malformed_frame");
    });

    test("forged and cut tokens resume nothing, and the connection can still log in", async () => {
      const alice = await person(deployment.target, freshName("alice"));
      const raw = await RawClient.open(deployment.cluster.url);
      const forged = Buffer.from(alice.token);
      forged.writeUInt8(forged.readUInt8(5) ^ 1, 5);
      for (const token of [forged, alice.token.subarray(0, 40), randomBytes(80), new Uint8Array(0)]) {
        assert.equal(errorOf(await raw.ask({ kind: "resume", token })), "token_invalid");
      }
      assert.equal((await raw.ask({ kind: "resume", token: alice.token })).kind, "welcome");
    });

    test("an expired token is refused as token_expired, and the connection can still log in", async () => {
      const alice = await person(deployment.target, freshName("alice"));
      const secret = await loadOrCreateSecret(path.join(deployment.directory, "secret.json"));
      const now = Date.now();
      const issued = (lifetimeMs: number) =>
        new SessionTokens(secret.token, lifetimeMs).issue(present(alice.client.user), alice.name, now).token;
      const raw = await RawClient.open(deployment.cluster.url);
      assert.equal(errorOf(await raw.ask({ kind: "resume", token: issued(-1) })), "token_expired");
      assert.equal((await raw.ask({ kind: "resume", token: issued(60_000) })).kind, "welcome");
    });

    test("the metrics have the number of login steps that wait", async () => {
      assert.equal(await metric("fastchat_opaque_waiting_steps"), 0);
    });

    test("a session that was logged out resumes nothing", async () => {
      const alice = await person(deployment.target, freshName("alice"));
      const raw = await RawClient.open(deployment.cluster.url);
      await person(deployment.target, freshName("bob"));
      assert.equal((await alice.client.mailbox.request({ kind: "logOut" })).ok, true);
      assert.equal(errorOf(await raw.ask({ kind: "resume", token: alice.token })), "token_invalid");
    });
  });
}
