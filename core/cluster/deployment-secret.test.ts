import assert from "node:assert/strict";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import type { Failure } from "../platform/failure.ts";
import { openFreshDatabase } from "../testing/database.ts";
import { checkSecret, createSecret, loadOrCreateSecret } from "./deployment-secret.ts";

const directory = mkdtempSync(path.join(tmpdir(), "secret-test-"));
after(() => rmSync(directory, { recursive: true }));

test("the secret is made once, readable by its owner alone, and stays the same", async () => {
  const file = path.join(directory, "new", "secret.json");
  const made = await loadOrCreateSecret(file);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.deepEqual(await loadOrCreateSecret(file), made);
});

test("a file that does not hold a whole secret is a failure", async () => {
  const { opaque, token } = await createSecret();
  const held = (of: { opaque?: string; token?: Uint8Array }) =>
    JSON.stringify({ opaque: of.opaque ?? opaque, token: Buffer.from(of.token ?? token).toString("base64") });
  const setup = Buffer.from(opaque, "base64url");
  const noKey = Buffer.from(setup).fill(0, 64, 96).toString("base64url");
  for (const content of [
    "",
    "{}",
    "not JSON",
    '{"opaque":"x","token":"short"}',
    held({ opaque: "x" }),
    held({ opaque: setup.subarray(1).toString("base64url") }),
    held({ opaque: Buffer.concat([setup, Buffer.from([0])]).toString("base64url") }),
    held({ opaque: noKey }),
    held({ token: token.subarray(1) }),
    held({ token: Buffer.concat([token, Buffer.from([0])]) }),
  ]) {
    const file = path.join(directory, "bad.json");
    writeFileSync(file, content);
    await assert.rejects(
      loadOrCreateSecret(file),
      (cause: Failure) => cause.code === "secret_unreadable" && cause.advice !== "",
    );
  }
});

test("a database whose users signed up under another secret stops the start", async () => {
  const database = await openFreshDatabase();
  const secret = await createSecret();
  await checkSecret(database, secret);
  await checkSecret(database, secret);
  await assert.rejects(
    checkSecret(database, await createSecret()),
    (cause: Failure) => cause.code === "secret_mismatch",
  );
  const dump = JSON.stringify(await database.query({ text: "SELECT * FROM deployment" }));
  assert.equal(dump.includes(secret.opaque), false);
});
