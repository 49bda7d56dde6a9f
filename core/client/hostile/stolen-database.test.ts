import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, suite, test } from "node:test";
import { createAccountSecret, openAccountSecret, sealAccountSecret } from "../../e2ee/account-secret.ts";
import { fernetOpen } from "../../e2ee/fernet.ts";
import { unwrapKey } from "../../e2ee/key-wrap.ts";
import * as opaque from "../../e2ee/opaque-client.ts";
import { createOpaqueSecret, opaqueServer } from "../../e2ee/opaque-server.ts";
import { silentLog } from "../../platform/log.ts";
import { Database } from "../../store/database.ts";
import { deploy, type TestDeployment } from "../../testing/deployment.ts";
import { filesOf } from "../../testing/files.ts";
import { groupOf, type Person, person } from "../../testing/person.ts";
import { present } from "../../testing/present.ts";
import { until } from "../../testing/until.ts";
import { type Epoch, epoch, type GroupId, type UserId } from "../../wire/ids.ts";

const scratch = mkdtempSync(path.join(tmpdir(), "stolen-test-"));
after(() => rmSync(scratch, { recursive: true, force: true }));

interface StoredMessage {
  readonly seq: number;
  readonly epoch: Epoch;
  readonly type: number;
  readonly payload: Uint8Array;
}

interface StoredKey {
  readonly user: UserId;
  readonly epoch: Epoch;
  readonly wrapped: Uint8Array;
}

suite("somebody who has the server's whole database", () => {
  let deployment: TestDeployment;
  let database: Database;
  before(async () => {
    deployment = await deploy();
    database = new Database(deployment.databaseUrl, { connectionsMax: 1, log: silentLog });
  });
  after(async () => {
    await database.close();
    await deployment.stop();
  });

  const messagesOf = (group: GroupId) =>
    database.query<StoredMessage>({
      text: "SELECT seq, epoch, type, payload FROM messages WHERE group_id = $1 ORDER BY seq",
      values: [group],
    });
  const keysOf = (group: GroupId) =>
    database.query<StoredKey>({
      text: `SELECT user_id AS "user", epoch, wrapped FROM wrapped_keys WHERE group_id = $1`,
      values: [group],
    });

  /** Every key that somebody has, has had, or can unwrap from the database with their own private key. */
  async function keysWithin(reach: Person, group: GroupId): Promise<Uint8Array[]> {
    const held = [...reach.fernet.keysOf(group).values()];
    for (const { epoch: of, wrapped } of await keysOf(group)) {
      // Wrapped keys of others too, and under every epoch that could be claimed for them.
      for (let claimed = 1; claimed <= of + 1; claimed++) {
        const context = { group, epoch: epoch(claimed), recipientFingerprint: reach.identity.public.fingerprint };
        const key = unwrapKey({ ...context, privateKey: reach.identity.wrappingKey, wrapped });
        if (key.ok) held.push(key.value);
      }
    }
    return held;
  }

  test("and was removed from a group, with every key they ever had, opens nothing that was sent later", async () => {
    const [alice, bob, mallory] = await Promise.all(
      ["alice", "bob", "mallory"].map((name) => person(deployment.target, name)),
    );
    assert.ok(alice && bob && mallory);
    const group = await groupOf(alice, bob, mallory);
    assert.ok((await alice.say(group, "while mallory is in")).ok);
    await until(() => mallory.texts(group).length === 1, "mallory has read it");
    const held = await keysWithin(mallory, group);
    assert.ok((await alice.client.changeGroup(group, { action: "remove", names: [mallory.name] })).ok);
    for (let i = 0; i < 5; i++) {
      assert.ok((await alice.say(group, `after ${i}`)).ok && (await bob.say(group, `after ${i}`)).ok);
    }
    held.push(...(await keysWithin(mallory, group)));
    const opened = new Set<number>();
    const messages = (await messagesOf(group)).filter(({ type }) => type === 0);
    for (const { seq, payload } of messages) {
      if (held.some((key) => fernetOpen(key, payload).ok)) opened.add(seq);
    }
    assert.equal(messages.length, 11);
    assert.deepEqual([...opened], [messages[0]?.seq], "only what was sent before the removal can be opened");
  });

  test("and left a group by themselves opens nothing that was sent later", async () => {
    const [alice, carol] = await Promise.all(["alice2", "carol"].map((name) => person(deployment.target, name)));
    assert.ok(alice && carol);
    const group = await groupOf(alice, carol);
    assert.ok((await alice.say(group, "before")).ok);
    await until(() => carol.texts(group).length === 1, "carol has read it");
    const held = await keysWithin(carol, group);
    assert.ok((await carol.client.changeGroup(group, { action: "leave" })).ok);
    await until(() => !carol.joined.has(group), "carol has left");
    assert.ok((await alice.say(group, "after")).ok);
    held.push(...(await keysWithin(carol, group)));
    const later = (await messagesOf(group)).filter(({ type, epoch: of }) => type === 0 && of > 1);
    assert.equal(later.length, 1);
    for (const { payload } of later)
      assert.equal(
        held.some((key) => fernetOpen(key, payload).ok),
        false,
      );
  });

  test("finds in it no text, title, file, password or private key", async () => {
    const dora = await person(deployment.target, "dora", { password: "dora's very own password" });
    const secret = createAccountSecret(dora.identity);
    const exportKey = Buffer.alloc(64, 7);
    const saved = await dora.client.mailbox.request({
      kind: "saveBackup",
      backup: sealAccountSecret(secret, exportKey),
    });
    assert.ok(saved.ok);
    const group = await groupOf(dora);
    const renamed = await dora.client.changeGroup(group, { action: "rename", title: "title under seal" });
    assert.ok(renamed.ok && (await dora.say(group, "text under seal")).ok);
    const file = path.join(scratch, "named under seal.txt");
    writeFileSync(file, "file under seal");
    assert.ok((await filesOf(dora, deployment.target).send(group, file)).ok);
    const dump = await dumpOf(database);
    // The search finds what is known to be there.
    assert.ok(dump.includes("dora"));
    const secrets: Readonly<Record<string, string | Uint8Array>> = {
      text: "text under seal",
      title: "title under seal",
      file: "file under seal",
      "file's name": "named under seal",
      password: "dora's very own password",
      "epoch's key": dora.fernet.keyOf(group, epoch(1)),
      "vault's root": secret.vaultRoot,
      ...privateParts(dora),
    };
    for (const [what, bytes] of Object.entries(secrets)) assert.equal(contains(dump, bytes), false, what);
    const [row] = await database.query<{ backup: Uint8Array }>({
      text: "SELECT backup FROM users WHERE name = 'dora'",
    });
    assert.ok(row && openAccountSecret(row.backup, exportKey, "dora").ok);
    assert.equal(openAccountSecret(row.backup, Buffer.alloc(64, 8), "dora").ok, false);
  });

  test("cannot tell a right password from a wrong one without the server's secret", async () => {
    await person(deployment.target, "edith", { password: "correct horse" });
    const [row] = await database.query<{ record: Uint8Array; credential: string }>({
      text: "SELECT record, credential FROM users WHERE name = 'edith'",
    });
    assert.ok(row);
    // A thief can only play the server, with a secret of their own.
    const attempt = async (password: string) => {
      const thief = await opaqueServer(await createOpaqueSecret());
      const started = await opaque.startLogin(password);
      const answer = await thief.startLogin(row.credential, row.record, started.message);
      assert.ok(answer.ok);
      const finished = await opaque.finishLogin(password, started.state, answer.value.message, "simulated");
      return finished.ok;
    };
    assert.deepEqual([await attempt("correct horse"), await attempt("wrong horse")], [false, false]);
  });
});

/** Every row of every table, with byte strings as they are. */
async function dumpOf(database: Database): Promise<Buffer> {
  const tables = await database.query<{ name: string }>({
    text: "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public'",
  });
  const pieces: Buffer[] = [];
  for (const { name } of tables) {
    for (const row of await database.query<Record<string, unknown>>({ text: `SELECT * FROM "${name}"` })) {
      for (const value of Object.values(row)) {
        pieces.push(value instanceof Uint8Array ? Buffer.from(value) : Buffer.from(String(value)), Buffer.from("\n"));
      }
    }
  }
  return Buffer.concat(pieces);
}

/** Whether a dump contains a secret, as bytes or as text in any of these forms. */
function contains(dump: Buffer, secret: string | Uint8Array): boolean {
  const bytes = typeof secret === "string" ? Buffer.from(secret) : Buffer.from(secret);
  return [bytes, ...(["hex", "base64", "base64url"] as const).map((form) => Buffer.from(bytes.toString(form)))].some(
    (form) => dump.includes(form),
  );
}

/** The numbers that make keys private: a prime of the RSA key and the seed of the other. */
function privateParts({ identity }: Person): Record<string, Uint8Array> {
  const { p } = identity.wrappingKey.export({ format: "jwk" });
  const { d } = identity.signingKey.export({ format: "jwk" });
  return {
    "RSA prime": Buffer.from(present(p), "base64url"),
    "Ed25519 seed": Buffer.from(present(d), "base64url"),
  };
}
