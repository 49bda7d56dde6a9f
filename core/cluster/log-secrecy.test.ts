import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { dialAssigned } from "../client/socket/dial.ts";
import { createAccountSecret, sealAccountSecret } from "../e2ee/account-secret.ts";
import { projectRoot } from "../platform/project-root.ts";
import { freshDatabase } from "../testing/database.ts";
import { groupOf, person } from "../testing/person.ts";
import { RawClient } from "../testing/raw-client.ts";
import { until } from "../testing/until.ts";
import type { Epoch } from "../wire/ids.ts";

const directory = mkdtempSync(path.join(tmpdir(), "log-test-"));
after(() => rmSync(directory, { recursive: true, force: true }));

test("servers at their finest log say nothing that is anybody's secret", async () => {
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
    const [, target] = servesAt.exec(said) as unknown as [string, string];
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
    // What goes wrong is logged, too.
    const dialled = await dialAssigned(target)();
    assert.ok(dialled.ok);
    for (const bytes of [randomBytes(100), Buffer.from([0x45]), new Uint8Array(0)]) {
      const raw = await RawClient.open(dialled.value);
      raw.sendBytes(bytes);
      await until(() => raw.closed !== undefined, "it is hung up on");
    }
    const { d } = alice.identity.signingKey.export({ format: "jwk" });
    const { token, opaque } = JSON.parse(readFileSync(path.join(directory, "secret.json"), "utf8")) as Record<
      string,
      string
    >;
    const epochKey = alice.fernet.keyOf(group, 1 as Epoch);
    const secrets: Record<string, string | Uint8Array | undefined> = {
      password: "alice's very own password",
      text: "text under seal",
      title: "a group",
      "session token": alice.token,
      "signing key": Buffer.from(d as string, "base64url"),
      "epoch's key": epochKey,
      "deployment's token key": Buffer.from(token as string, "base64"),
      "deployment's OPAQUE secret": opaque,
    };
    server.kill("SIGTERM");
    await ended;
    assert.ok(said.includes('"level":"'), "something was logged");
    for (const [what, value] of Object.entries(secrets)) {
      assert.ok(value !== undefined, what);
      const bytes = Buffer.from(value as Uint8Array);
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
