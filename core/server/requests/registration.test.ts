import assert from "node:assert/strict";
import { before, suite, test } from "node:test";
import { createIdentity, generateIdentityKeys, type IdentityKeyPairs } from "../../e2ee/identity.ts";
import * as opaque from "../../e2ee/opaque-client.ts";
import { deploy, type TestDeployment } from "../../testing/deployment.ts";
import { RawClient } from "../../testing/raw-client.ts";
import { limits } from "../../wire/limits.ts";
import { opaqueBytes } from "../../wire/opaque-bytes.ts";
import type { ColdServerFrame } from "../../wire/server-frame.ts";

const codeOf = (frame: ColdServerFrame) => (frame.kind === "error" ? frame.code : frame.kind);
const password = "right";
const backup = Buffer.alloc(limits.backupBytesMin, 7);

/** Bytes of a record's length that are no records: the user's key at their beginning is no group element. */
const junk = [0x00, 0x01, 0xff].map((fill) => Buffer.alloc(opaqueBytes.registrationRecord, fill));

suite("a registration", () => {
  let deployment: TestDeployment;
  let keys: IdentityKeyPairs;
  let names = 0;
  before(async () => {
    deployment = await deploy();
    keys = await generateIdentityKeys();
  });

  const open = () => RawClient.open(deployment.cluster.url);
  const newName = () => `registered${names++}`;
  const identityOf = (name: string) => createIdentity(name, keys).public.bytes;

  /** Begins a registration over this connection; answers the record that finishes it. */
  async function begun(raw: RawClient, start: { kind: "signUpStart"; name: string } | { kind: "passwordStart" }) {
    const { message, state } = await opaque.startRegistration(password);
    const answer = await raw.ask({ ...start, message });
    assert.ok(answer.kind === "signUpStarted" || answer.kind === "passwordStarted", codeOf(answer));
    const finished = await opaque.finishRegistration(password, state, answer.message, "simulated");
    assert.ok(finished.ok);
    return finished.value.message;
  }

  const signUpFinish = (name: string, record: Uint8Array) =>
    ({ kind: "signUpFinish", name, record, identity: identityOf(name) }) as const;

  async function signedUp(name: string): Promise<RawClient> {
    const raw = await open();
    const record = await begun(raw, { kind: "signUpStart", name });
    assert.equal(codeOf(await raw.ask(signUpFinish(name, record))), "welcome");
    return raw;
  }

  async function logsIn(name: string): Promise<boolean> {
    const raw = await open();
    const { message, state } = await opaque.startLogin(password);
    const answer = await raw.ask({ kind: "logInStart", name, message });
    assert.ok(answer.kind === "logInStarted", codeOf(answer));
    const finished = await opaque.finishLogin(password, state, answer.message, "simulated");
    if (!finished.ok) return false;
    return codeOf(await raw.ask({ kind: "logInFinish", message: finished.value.message })) === "welcome";
  }

  test("with a record that no login could begin with is refused, and its name stays free", async () => {
    const name = newName();
    for (const record of junk) {
      const raw = await open();
      await begun(raw, { kind: "signUpStart", name });
      assert.equal(codeOf(await raw.ask(signUpFinish(name, record))), "malformed_frame");
    }
    await signedUp(name);
    assert.ok(await logsIn(name));
  });

  test("of another password with such a record is refused, and the old password stays", async () => {
    const name = newName();
    const raw = await signedUp(name);
    for (const record of junk) {
      await begun(raw, { kind: "passwordStart" });
      assert.equal(codeOf(await raw.ask({ kind: "passwordFinish", record, backup })), "malformed_frame");
    }
    assert.ok(await logsIn(name));
    const record = await begun(raw, { kind: "passwordStart" });
    assert.equal(codeOf(await raw.ask({ kind: "passwordFinish", record, backup })), "done");
    assert.ok(await logsIn(name));
  });

  test("is not finished without a start on the same connection", async () => {
    const name = newName();
    const elsewhere = await open();
    const record = await begun(elsewhere, { kind: "signUpStart", name });
    const raw = await open();
    assert.equal(codeOf(await raw.ask(signUpFinish(name, record))), "malformed_frame");
    assert.equal(codeOf(await raw.ask({ kind: "ping" })), "pong", "the connection stays");
    assert.equal(codeOf(await elsewhere.ask(signUpFinish(name, record))), "welcome");
    const change = { kind: "passwordFinish", record, backup } as const;
    assert.equal(codeOf(await elsewhere.ask(change)), "malformed_frame");
    assert.ok(await logsIn(name), "the password is still the old one");
  });

  test("is finished once", async () => {
    const name = newName();
    const raw = await open();
    const record = await begun(raw, { kind: "signUpStart", name });
    const refused = await raw.ask({ ...signUpFinish(name, record), identity: Buffer.from("no identity") });
    assert.equal(codeOf(refused), "malformed_frame");
    assert.equal(codeOf(await raw.ask(signUpFinish(name, record))), "malformed_frame");
    const again = await begun(raw, { kind: "signUpStart", name });
    assert.equal(codeOf(await raw.ask(signUpFinish(name, again))), "welcome");
    const changed = await begun(raw, { kind: "passwordStart" });
    const change = { kind: "passwordFinish", record: changed, backup } as const;
    assert.equal(codeOf(await raw.ask(change)), "done");
    assert.equal(codeOf(await raw.ask(change)), "malformed_frame");
  });

  test("belongs to the name that it was begun for, in whatever spelling", async () => {
    const [name, other] = [newName(), newName()];
    const raw = await open();
    for (const identity of [identityOf(name), identityOf(other)]) {
      const record = await begun(raw, { kind: "signUpStart", name: other });
      assert.equal(codeOf(await raw.ask({ ...signUpFinish(name, record), identity })), "malformed_frame");
    }
    const anothers = await begun(raw, { kind: "signUpStart", name });
    const identity = identityOf(other);
    assert.equal(codeOf(await raw.ask({ ...signUpFinish(name, anothers), identity })), "malformed_frame");
    const own = await begun(raw, { kind: "signUpStart", name: name.toUpperCase() });
    assert.equal(codeOf(await raw.ask(signUpFinish(name, own))), "welcome");
    assert.ok(await logsIn(name));
  });

  test("that is begun again replaces the one before", async () => {
    const [name, other] = [newName(), newName()];
    const raw = await open();
    const record = await begun(raw, { kind: "signUpStart", name });
    await begun(raw, { kind: "signUpStart", name: other });
    assert.equal(codeOf(await raw.ask(signUpFinish(name, record))), "malformed_frame");
  });

  test("and a login refuse any message of a wrong length", async () => {
    const name = newName();
    const framesWith = (lengthOf: (right: number) => number) => {
      const bytes = (right: number) => Buffer.alloc(lengthOf(right));
      const record = bytes(opaqueBytes.registrationRecord);
      return [
        { kind: "signUpStart", name, message: bytes(opaqueBytes.registrationRequest) },
        { kind: "signUpFinish", name, record, identity: identityOf(name) },
        { kind: "logInStart", name, message: bytes(opaqueBytes.ke1) },
        { kind: "logInFinish", message: bytes(opaqueBytes.ke3) },
      ] as const;
    };
    for (const [what, frames] of [
      ["no bytes", framesWith(() => 0)],
      ["one byte", framesWith(() => 1)],
      ["a byte too few", framesWith((right) => right - 1)],
      ["a byte too many", framesWith((right) => right + 1)],
    ] as const) {
      for (const frame of frames) {
        const raw = await open();
        assert.equal(codeOf(await raw.ask(frame)), "malformed_frame", `${frame.kind} with ${what}`);
      }
    }
  });
});
