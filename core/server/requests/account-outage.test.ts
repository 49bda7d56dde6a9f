import assert from "node:assert/strict";
import { before, suite, test } from "node:test";
import { createIdentity } from "../../e2ee/identity.ts";
import * as opaque from "../../e2ee/opaque-client.ts";
import { createOpaqueSecret, type OpaqueServer, opaqueServer } from "../../e2ee/opaque-server.ts";
import type { Database, DatabaseAccess, Query } from "../../store/database.ts";
import { insertSession } from "../../store/sessions.ts";
import { findCredential } from "../../store/users.ts";
import { openFreshDatabase } from "../../testing/database.ts";
import { FakeClock } from "../../testing/fake-clock.ts";
import { keyPair } from "../../testing/key-pairs.ts";
import { userId } from "../../wire/ids.ts";
import { limits } from "../../wire/limits.ts";
import { Counters } from "../counters.ts";
import { LoginGate } from "../sessions/login-gate.ts";
import { RevokedSessions } from "../sessions/revoked-sessions.ts";
import { newSessionId, SessionTokens } from "../sessions/tokens.ts";
import { UserDirectory } from "../sessions/user-directory.ts";
import { busyOpaque, deafBus } from "../testing/doubles.ts";
import { Authentication, type AuthenticationParts } from "./authentication.ts";
import { PasswordChange, type PasswordChangeParts } from "./password-change.ts";

const away = new Error("Connection terminated unexpectedly");
const backup = Buffer.alloc(limits.backupBytesMin, 7);

suite("when the database goes away in the middle of a finish, the same finish may come again", () => {
  let database: Database;
  let steps: OpaqueServer;
  /** After how many further steps the database goes away; it stays, while this is undefined. */
  let stepsLeft: number | undefined;
  const clock = new FakeClock();

  before(async () => {
    database = await openFreshDatabase();
    steps = await opaqueServer(await createOpaqueSecret());
  });

  const step = () => {
    if (stepsLeft === undefined) return;
    if (stepsLeft === 0) {
      stepsLeft = undefined;
      throw away;
    }
    stepsLeft--;
  };
  /** A database that goes away before a statement that writes, or after a commit, whose answer is then lost. */
  const failing: DatabaseAccess = {
    query: async <T extends object>(query: Query) => {
      if (!query.text.startsWith("SELECT")) step();
      return database.query<T>(query);
    },
    async transaction(work) {
      const done = await database.transaction((connection) =>
        work({
          query: async <T extends object>(query: Query) => {
            if (!query.text.startsWith("SELECT")) step();
            return connection.query<T>(query);
          },
        }),
      );
      step();
      return done;
    },
    copy: (stream, pieces) => database.copy(stream, pieces),
    copyOut: (query) => database.copyOut(query),
  };
  const server: AuthenticationParts & PasswordChangeParts = {
    clock,
    database: failing,
    opaque: {
      registrationResponse: (...of: Parameters<OpaqueServer["registrationResponse"]>) =>
        steps.registrationResponse(...of),
      checkRecord: (record: Uint8Array) => steps.checkRecord(record),
      startLogin: (...of: Parameters<OpaqueServer["startLogin"]>) => steps.startLogin(...of),
      finishLogin: (...of: Parameters<OpaqueServer["finishLogin"]>) => steps.finishLogin(...of),
      waiting: () => steps.waiting(),
    },
    tokens: new SessionTokens(new Uint8Array(32), 1e9),
    gate: new LoginGate({ burst: 2, perSecond: 1e-6 }, clock),
    counters: new Counters(),
    bus: deafBus("s0"),
    revoked: new RevokedSessions(1e9),
    users: new UserDirectory(),
  };
  const session = { authenticated: () => true };

  async function signUpOf(name: string) {
    const authentication = new Authentication(server, session);
    const { message, state } = await opaque.startRegistration("right");
    const answer = await authentication.signUpStart({ name, message });
    assert.ok(answer.kind === "signUpStarted");
    const finished = await opaque.finishRegistration("right", state, answer.message, "simulated");
    assert.ok(finished.ok);
    const identity = createIdentity(name, await keyPair(0)).public.bytes;
    const record = finished.value.message;
    return () => authentication.signUpFinish({ name, record, identity, backup });
  }

  /** Runs `finish` with the database going away at one step after the other, until it does not any more. */
  async function atEveryStep(begin: (at: number) => Promise<{ finish(): Promise<void>; undone(): Promise<void> }>) {
    let at = 0;
    for (; ; at++) {
      const { finish, undone } = await begin(at);
      stepsLeft = at;
      const failure = await finish().then(
        () => undefined,
        (cause: unknown) => cause,
      );
      const isOver = failure === undefined;
      stepsLeft = undefined;
      if (isOver) break;
      assert.equal(failure, away, `at step ${at}`);
      await undone();
      await finish();
    }
    return at;
  }

  test("and a sign-up gets its account", async () => {
    const count = await atEveryStep(async (at) => {
      const finish = await signUpOf(`signs.up.${at}`);
      return {
        finish: async () => assert.equal((await finish()).kind, "welcome", `at step ${at}`),
        undone: async () => {
          // After the commit only the answer is lost.
          if (at < 2) assert.equal(await findCredential(database, `signs.up.${at}`), undefined, `at step ${at}`);
        },
      };
    });
    assert.equal(count, 3, "the user, the session, and the commit");
  });

  test("but a sign-up whose name somebody else has taken meanwhile is refused", async () => {
    const [finish, other] = [await signUpOf("contended"), await signUpOf("contended")];
    stepsLeft = 1;
    await assert.rejects(finish(), away);
    assert.equal((await other()).kind, "welcome");
    const answer = await finish();
    assert.equal(answer.kind === "error" && answer.code, "name_taken");
  });

  test("and a new password is saved together with the end of all other sessions, or not at all", async () => {
    const count = await atEveryStep(async (at) => {
      const name = `changes.${at}`;
      const signedUp = await (await signUpOf(name))();
      assert.ok(signedUp.kind === "welcome");
      const other = newSessionId();
      const { user } = signedUp;
      await insertSession(database, { id: other, user, expiresAt: new Date(Date.now() + 1e9) });
      const holder = { user, sessionId: newSessionId(), byPassword: true };
      const change = new PasswordChange(server, holder);
      const { message, state } = await opaque.startRegistration("new");
      const answer = await change.start({ message });
      assert.ok(answer.kind === "passwordStarted");
      const finished = await opaque.finishRegistration("new", state, answer.message, "simulated");
      assert.ok(finished.ok);
      const record = finished.value.message;
      const old = (await findCredential(database, name))?.record;
      return {
        finish: async () => {
          const { kind } = await change.finish({ record, backup });
          assert.equal(kind, "done", `at step ${at}`);
          assert.deepEqual((await findCredential(database, name))?.record, Buffer.from(record));
          const rows = await database.query({
            text: "SELECT 1 FROM sessions WHERE id = $1 AND revoked_at IS NULL",
            values: [other],
          });
          assert.equal(rows.length, 0, "the other session has ended");
        },
        undone: async () => {
          if (at < 2) assert.deepEqual((await findCredential(database, name))?.record, old, `at step ${at}`);
        },
      };
    });
    assert.equal(count, 3, "the record, the sessions, and the commit");
  });

  test("and a login counts once as one that has succeeded", async () => {
    const name = "logs.in";
    await (await signUpOf(name))();
    const begin = async () => {
      const authentication = new Authentication(server, session);
      const { message, state } = await opaque.startLogin("right");
      const answer = await authentication.logInStart({ name, message });
      if (answer.kind !== "logInStarted") return undefined;
      const finished = await opaque.finishLogin("right", state, answer.message, "simulated");
      assert.ok(finished.ok);
      const { message: last } = finished.value;
      return () => authentication.logInFinish({ message: last });
    };
    const finish = await begin();
    assert.ok(finish);
    assert.ok(await begin(), "one that is never finished");
    stepsLeft = 0;
    await assert.rejects(finish(), away);
    assert.equal((await finish()).kind, "welcome");
    assert.ok(await begin());
    assert.equal(await begin(), undefined, "two of three were never finished");
  });
});

test("a finish before the answer to its start is refused, for a sign-up, a login and a new password", async () => {
  // Neither the database nor OPAQUE ever answers.
  const waits = () => new Promise<never>(() => {});
  const clock = new FakeClock();
  const server: AuthenticationParts & PasswordChangeParts = {
    clock,
    database: { query: waits, transaction: waits, copy: waits, copyOut: waits },
    opaque: { ...busyOpaque, registrationResponse: waits, startLogin: waits },
    tokens: new SessionTokens(new Uint8Array(32), 1e9),
    gate: new LoginGate({ burst: 10, perSecond: 1 }, clock),
    counters: new Counters(),
    bus: deafBus("s0"),
    revoked: new RevokedSessions(1e9),
    users: new UserDirectory(),
  };
  const authentication = new Authentication(server, { authenticated: () => false });
  const change = new PasswordChange(server, {
    user: userId(1),
    sessionId: newSessionId(),
    byPassword: true,
  });
  const name = "early";
  const message = new Uint8Array(96);
  const record = new Uint8Array(192);
  void authentication.signUpStart({ name, message });
  void authentication.logInStart({ name, message });
  void change.start({ message });
  const answers = await Promise.all([
    authentication.signUpFinish({ name, record, identity: message }),
    authentication.logInFinish({ message }),
    change.finish({ record, backup }),
  ]);
  for (const answer of answers) assert.equal(answer.kind === "error" && answer.code, "malformed_frame");
});
