import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { createAccountSecret } from "../../e2ee/account-secret.ts";
import { createIdentity } from "../../e2ee/identity.ts";
import { systemClock } from "../../platform/clock.ts";
import { keyPair } from "../../testing/key-pairs.ts";
import { clientMessageId, groupId, userId } from "../../wire/ids.ts";
import { OutgoingFileTable } from "./outgoing-file-table.ts";
import { OwnMessageTable } from "./own-message-table.ts";
import { Vault } from "./vault.ts";
import { VaultDatabase } from "./vault-database.ts";
import { VaultView } from "./view.ts";

const scratch = mkdtempSync(path.join(tmpdir(), "on-disk-test-"));
after(() => rmSync(scratch, { recursive: true, force: true }));

const key = new Uint8Array(32).fill(7);

/** With how much care SQLite writes a row by this statement. */
function careOf(database: VaultDatabase, sql: string): string[] {
  const written = /^\s*(?:INSERT INTO|INSERT OR REPLACE INTO|UPDATE) (\w+)/.exec(sql)?.[1];
  const { synchronous = -1 } = database.get<{ synchronous: number }>("PRAGMA synchronous") ?? {};
  return written === undefined ? [] : [`${written}: ${["OFF", "NORMAL", "FULL"][synchronous]}`];
}

/** A vault's database that notes with how much care SQLite wrote the rows of each table. */
function watchedDatabase(file: string) {
  const database = VaultDatabase.open(file, key);
  const care: string[] = [];
  const [all, run] = [database.all.bind(database), database.run.bind(database)];
  const note = (sql: string) => care.push(...careOf(database, sql));
  Object.assign(database, {
    all: (...of: Parameters<typeof all>) => {
      note(of[0]);
      return all(...of);
    },
    run: (...of: Parameters<typeof run>) => {
      note(of[0]);
      run(...of);
    },
  });
  return { database, care };
}

test("what the user has written is on the disk when it was kept, and so is a message that is tried again", () => {
  const file = path.join(scratch, "written.db");
  Vault.open(file, key, systemClock).close();
  const { database, care } = watchedDatabase(file);
  const own = new OwnMessageTable(database, new VaultView(database, () => userId(1)), () => userId(1));
  const id = clientMessageId(1n);
  const group = groupId(7);
  own.written({ id, group, content: { kind: "text", text: "hello" }, writtenAt: 1 });
  own.settled(id, { ok: false, why: "not_a_member" });
  assert.equal(own.retried(id)?.id, id);
  assert.deepEqual(care, ["messages: FULL", "messages: NORMAL", "messages: FULL"]);
  care.length = 0;
  new OutgoingFileTable(database, () => userId(1)).begun({
    attachment: new Uint8Array(16),
    key,
    group,
    message: id,
    file: "/a/file",
    keepMetadata: false,
    text: undefined,
    hash: new Uint8Array(32),
  });
  assert.deepEqual(care, ["outgoing_files: FULL"]);
  database.close();
});

test("the care of a write to the disk ends with it, also when it fails", () => {
  const file = path.join(scratch, "failed.db");
  Vault.open(file, key, systemClock).close();
  const { database, care } = watchedDatabase(file);
  const insert = "INSERT INTO facts (key, value) VALUES (?, ?)";
  assert.throws(() => database.onDisk(() => database.run(insert, null, null)));
  database.run(insert, "a", new Uint8Array(1));
  assert.deepEqual(care, ["facts: FULL", "facts: NORMAL"]);
  database.close();
});

test("messages without an outcome come back in the order in which they were written, whatever the clock said", () => {
  const file = path.join(scratch, "unsent.db");
  const vault = Vault.open(file, key, systemClock);
  vault.saveSession({ user: userId(1), token: new Uint8Array(1) });
  const ids = [255n, 2n ** 63n, 3n, 256n].map((id) => clientMessageId(id));
  const write = (id: (typeof ids)[number]) => {
    vault.written({ id, group: groupId(7), content: { kind: "text", text: `${id}` }, writtenAt: 1 });
  };
  for (const id of ids) write(id);
  const [, second] = ids;
  if (second === undefined) assert.fail();
  vault.settled(second, { ok: false, why: "busy" });
  vault.retried(second);
  vault.close();
  const again = Vault.open(file, key, systemClock);
  assert.deepEqual(
    again.unsent().map(({ id }) => id),
    ids,
  );
  again.close();
});

test("the account and its session are on the disk when they were kept", async (t) => {
  const vault = Vault.open(path.join(scratch, "account.db"), key, systemClock);
  const secret = createAccountSecret(createIdentity("alice", await keyPair(0)));
  const { run } = VaultDatabase.prototype;
  const care: string[] = [];
  t.mock.method(VaultDatabase.prototype, "run", function (this: VaultDatabase, ...of: Parameters<typeof run>) {
    care.push(...careOf(this, of[0]));
    run.apply(this, of);
  });
  vault.saveAccountSecret(secret);
  vault.saveSession({ user: userId(1), token: Buffer.from("a token") });
  vault.close();
  assert.deepEqual(care, ["facts: FULL", "facts: FULL"]);
});
