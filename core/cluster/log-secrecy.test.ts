import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { dialAssigned } from "../client/socket/dial.ts";
import { createAccountSecret, sealAccountSecret } from "../e2ee/account-secret.ts";
import { projectRoot } from "../platform/project-root.ts";
import { freshDatabase } from "../testing/database.ts";
import { groupOf, person } from "../testing/person.ts";
import { present } from "../testing/present.ts";
import { RawClient } from "../testing/raw-client.ts";
import { until } from "../testing/until.ts";
import { firstEpoch } from "../wire/ids.ts";
import { loadOrCreateSecret } from "./deployment-secret.ts";

const directory = mkdtempSync(path.join(tmpdir(), "log-test-"));
after(() => rmSync(directory, { recursive: true, force: true }));

test("servers at their finest log level log no secret", async () => {
  const flags = {
    port: "0",
    servers: "2",
    database: await freshDatabase(),
    "data-dir": directory,
    "log-level": "trace",
  };
  const args = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, value]);
  const server = spawn(process.execPath, [path.join(projectRoot, "dist/bin/fastchat.js"), "serve", ...args]);
  const ended = once(server, "close");
  let said = "";
  for (const stream of [server.stdout, server.stderr]) stream.on("data", (chunk: Buffer) => void (said += chunk));
  try {
    const servesAt = /serves at ws:\/\/([^/]+)\//;
    await until(() => servesAt.test(said), "the deployment is there");
    const target = present(servesAt.exec(said)?.[1]);
    const [alice, bob] = [
      await person(target, "alice", { password: "alice's very own password" }),
      await person(target, "bob"),
    ];
    const group = await groupOf(alice, bob);
    assert.ok((await alice.say(group, "text under seal")).ok);
    await until(() => bob.texts(group).length === 1, "bob has read it");
    const secret = createAccountSecret(alice.identity);
    const backup = sealAccountSecret(secret, Buffer.alloc(64, 7));
    assert.ok((await alice.client.mailbox.request({ kind: "saveBackup", backup })).ok);
    // Errors are logged, too.
    const dialled = await dialAssigned(target)();
    assert.ok(dialled.ok);
    for (const bytes of [randomBytes(100), Buffer.from([0x45]), new Uint8Array(0)]) {
      const raw = await RawClient.open(dialled.value);
      raw.sendBytes(bytes);
      await until(() => raw.closed !== undefined, "it is hung up on");
    }
    const { d } = alice.identity.signingKey.export({ format: "jwk" });
    const { token, opaque } = await loadOrCreateSecret(path.join(directory, "secret.json"));
    const secrets: Readonly<Record<string, Buffer>> = {
      password: Buffer.from("alice's very own password"),
      text: Buffer.from("text under seal"),
      title: Buffer.from("a group"),
      "session token": Buffer.from(alice.token),
      "signing key": Buffer.from(present(d), "base64url"),
      "epoch's key": Buffer.from(present(alice.fernet.keyOf(group, firstEpoch))),
      "deployment's token key": Buffer.from(token),
      "deployment's OPAQUE secret": Buffer.from(opaque),
    };
    server.kill("SIGTERM");
    await ended;
    assert.ok(said.includes('"level":"'), "something was logged");
    for (const [what, bytes] of Object.entries(secrets)) {
      for (const form of [
        bytes.toString(),
        bytes.toString("hex"),
        bytes.toString("base64url"),
        bytes.toString("base64"),
      ])
        assert.equal(said.includes(form), false, what);
    }
  } finally {
    server.kill("SIGKILL");
    await ended;
  }
});
