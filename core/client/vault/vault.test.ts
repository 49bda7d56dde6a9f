import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { createAccountSecret } from "../../e2ee/account-secret.ts";
import { createIdentity } from "../../e2ee/identity.ts";
import { systemClock } from "../../platform/clock.ts";
import { keyPair } from "../../testing/key-pairs.ts";
import { present } from "../../testing/present.ts";
import { clientMessageId, epoch, groupId, seq, userId } from "../../wire/ids.ts";
import type { KeptMessage, WrittenMessage } from "../group/keeper.ts";
import { Vault } from "./vault.ts";
import { VaultDatabase } from "./vault-database.ts";

const scratch = mkdtempSync(path.join(tmpdir(), "vault-test-"));
after(() => rmSync(scratch, { recursive: true, force: true }));
let files = 0;
const newFile = () => path.join(scratch, `vault-${files++}.db`);

const key = new Uint8Array(32).fill(7);
const group = groupId(7);
const me = userId(1);
const other = userId(2);

function opened(file = newFile()): Vault {
  const vault = Vault.open(file, key, systemClock);
  vault.saveSession({ user: me, token: Buffer.from("token") });
  return vault;
}

const written = (id: number, text: string): WrittenMessage => ({
  id: clientMessageId(BigInt(id)),
  group,
  content: { kind: "text", text },
  writtenAt: 1000 + id,
});

const received = (at: number, of: Partial<KeptMessage> = {}): KeptMessage => ({
  seq: seq(at),
  sender: other,
  clientMessageId: clientMessageId(BigInt(at)),
  epoch: epoch(1),
  sentAt: at * 1000,
  content: { kind: "text", text: `message ${at}` },
  fault: undefined,
  ...of,
});

const failsWith = (code: string) => (cause: { code?: string; advice?: string }) =>
  cause.code === code && (cause.advice ?? "").length > 0;

test("everything that was kept comes back after closing and opening", async () => {
  const file = newFile();
  const vault = opened(file);
  const secret = createAccountSecret(createIdentity("alice", await keyPair(0)));
  vault.saveAccountSecret(secret);
  vault.keep(group, {
    entry: { seq: seq(1), bytes: Buffer.from("entry 0") },
    title: "climbing",
    suiteState: Buffer.from("state"),
  });
  vault.keep(group, { entry: { seq: seq(4), bytes: Buffer.from("entry 1") }, cursor: seq(4) });
  vault.keep(group, { message: received(5), cursor: seq(5) });
  vault.written(written(1, "not sent yet"));
  vault.close();

  const again = Vault.open(file, key, systemClock);
  assert.deepEqual(again.accountSecret()?.identity.public.fingerprint, secret.identity.public.fingerprint);
  assert.deepEqual(Buffer.from(again.accountSecret()?.vaultRoot ?? []), Buffer.from(secret.vaultRoot));
  assert.equal(again.session()?.user, me);
  assert.deepEqual(
    again.groups().map(({ group: id, cursor }) => [id, cursor]),
    [[group, 5]],
  );
  const kept = again.restore(group);
  assert.deepEqual(
    kept?.entries.map(({ seq: at, bytes }) => [at, Buffer.from(bytes).toString()]),
    [
      [1, "entry 0"],
      [4, "entry 1"],
    ],
  );
  assert.equal(Buffer.from(kept?.suiteState ?? []).toString(), "state");
  assert.equal(again.seqOf(group, other, clientMessageId(5n)), 5);
  assert.deepEqual(
    again.unsent().map(({ id, content }) => [id, content]),
    [[1n, { kind: "text", text: "not sent yet" }]],
  );
  again.close();
});

test("a wrong password fails with a code, and the file stays as it was", () => {
  const file = newFile();
  opened(file).close();
  const before = readFileSync(file);
  assert.throws(() => Vault.open(file, new Uint8Array(32).fill(8), systemClock), failsWith("wrong_password"));
  assert.ok(readFileSync(file).equals(before));
  Vault.open(file, key, systemClock).close();
});

test("a second client on the same vault fails with a code, and the first goes on", () => {
  const file = newFile();
  const vault = opened(file);
  assert.throws(() => Vault.open(file, key, systemClock), failsWith("vault_in_use"));
  vault.written(written(1, "still mine"));
  vault.close();
  Vault.open(file, key, systemClock).close();
});

test("a file that is no vault, and a directory that does not exist, fail with a code", () => {
  assert.throws(
    () => Vault.open(path.join(scratch, "nowhere", "vault.db"), key, systemClock),
    failsWith("vault_unusable"),
  );
  const file = newFile();
  copyFileSync(import.meta.filename, file);
  assert.throws(() => Vault.open(file, key, systemClock), failsWith("wrong_password"));
});

test("nothing in its files can be read without the key", () => {
  const directory = mkdtempSync(path.join(scratch, "sealed-"));
  const vault = opened(path.join(directory, "vault.db"));
  const secrets = ["a text that would be seen", "a title that would be seen"];
  vault.written(written(1, present(secrets[0])));
  vault.keep(group, { title: present(secrets[1]), entry: { seq: seq(1), bytes: Buffer.from(present(secrets[0])) } });
  for (let i = 0; i < 500; i++)
    vault.keep(group, { message: received(i + 2, { content: { kind: "text", text: `${secrets[0]} ${i}` } }) });
  for (const name of readdirSync(directory)) {
    const bytes = readFileSync(path.join(directory, name));
    assert.notEqual(bytes.subarray(0, 15).toString(), "SQLite format 3", name);
    for (const secret of secrets) assert.equal(bytes.includes(secret), false, name);
  }
  vault.close();
});

test("somebody who can write the disk can garble a vault unnoticed: its cipher has no integrity check", () => {
  const file = newFile();
  const vault = opened(file);
  const suiteState = Buffer.alloc(100_000, "a");
  // Garbled messages would mostly fail as CBOR.
  vault.keep(group, { cursor: seq(1), suiteState });
  vault.close();
  const bytes = readFileSync(file);
  const outcomes = new Set<string>();
  for (let page = 2; page * 4096 < bytes.length; page++) {
    const changed = Buffer.from(bytes);
    const at = page * 4096 + 2048;
    changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
    const copy = newFile();
    writeFileSync(copy, changed);
    let garbled: Vault | undefined;
    try {
      garbled = Vault.open(copy, key, systemClock);
      const kept = garbled.restore(group)?.suiteState;
      outcomes.add(kept && suiteState.equals(kept) ? "untouched" : "garbled");
    } catch {
      outcomes.add("refused");
    }
    garbled?.close();
  }
  assert.ok(outcomes.has("garbled"), [...outcomes].join(", "));
});

test("an own message is one message, from when it is written until it has its seq", () => {
  const vault = opened();
  vault.written(written(1, "hello"));
  vault.settled(clientMessageId(1n), { ok: true, seq: seq(3) });
  assert.deepEqual(vault.unsent(), []);
  assert.equal(vault.seqOf(group, me, clientMessageId(1n)), undefined, "until it is delivered");
  const own = received(3, {
    sender: me,
    clientMessageId: clientMessageId(1n),
    content: { kind: "text", text: "hello" },
  });
  vault.keep(group, { message: own, cursor: seq(3) });
  vault.keep(group, { message: own, cursor: seq(3) });
  assert.equal(vault.seqOf(group, me, clientMessageId(1n)), 3);
  vault.close();
});

test("a message that has its outcome keeps it, whatever is heard of it later", () => {
  const vault = opened();
  vault.written(written(1, "delivered before its acknowledgement"));
  const own = { sender: me, clientMessageId: clientMessageId(1n) };
  vault.keep(group, { message: received(3, own), cursor: seq(3) });
  vault.written(written(2, "failed"));
  vault.settled(clientMessageId(2n), { ok: false, why: "not_a_member" });
  vault.settled(clientMessageId(1n), { ok: false, why: "not_a_member" });
  vault.settled(clientMessageId(2n), { ok: true, seq: seq(4) });
  assert.deepEqual(
    vault.view.last(group, 10).map(({ state }) => state),
    ["sent", "failed"],
  );
  vault.close();
});

test("a file whose message was written is not sent again by the next run", () => {
  const vault = opened();
  const file = { group, message: clientMessageId(1n), file: "/tmp/a", keepMetadata: false, text: undefined };
  vault.files.begun({ ...file, attachment: Buffer.alloc(16), key: Buffer.alloc(32), hash: Buffer.alloc(32) });
  assert.equal(vault.files.unsent().length, 1);
  vault.written(written(1, "with a file"));
  assert.deepEqual(vault.files.unsent(), []);
  vault.close();
});

test("a failed message is not sent again unless the user retries it", () => {
  const vault = opened();
  vault.written(written(1, "too long"));
  vault.settled(clientMessageId(1n), { ok: false, why: "payload_too_large" });
  assert.deepEqual(vault.unsent(), []);
  vault.close();
});

test("the next run does not send the file of a failed message that was discarded", () => {
  const vault = opened();
  const message = clientMessageId(1n);
  const file = { group, message, file: "/tmp/a", keepMetadata: false, text: undefined };
  const [attachment, sealKey, hash] = [Buffer.alloc(16), Buffer.alloc(32), Buffer.alloc(32)];
  vault.files.begun({ ...file, attachment, key: sealKey, hash });
  vault.written(written(1, "with a file"));
  vault.settled(message, { ok: false, why: "not_a_member" });
  assert.equal(vault.discarded(message), true);
  assert.deepEqual(vault.files.unsent(), []);
  vault.close();
});

test("a failed message that is retried waits again, and has the content that it had", () => {
  const vault = opened();
  const message = written(1, "to be sent again");
  vault.written(message);
  assert.equal(vault.retried(message.id), undefined, "it has not failed");
  vault.settled(message.id, { ok: false, why: "not_a_member" });
  assert.deepEqual(vault.retried(message.id), message);
  assert.deepEqual(vault.unsent(), [message]);
  assert.equal(vault.discarded(message.id), true, "it waits");
  assert.deepEqual([vault.unsent(), vault.discarded(message.id)], [[], false]);
  vault.close();
});

test("reading goes on where it ended, unless the user had left the group and much has been written since", () => {
  const vault = opened();
  assert.equal(vault.entered(group, seq(500)), 500);
  assert.equal(vault.oldest(group), 501);
  vault.keep(group, { message: received(501), cursor: seq(501) });
  assert.equal(vault.entered(group, seq(2000)), 501, "a restart");
  vault.left(group);
  assert.deepEqual(vault.groups(), []);
  // A message that was under way when the user left does not bring the group back.
  vault.keep(group, { message: received(502), cursor: seq(502) });
  assert.deepEqual(vault.groups(), []);
  assert.equal(vault.entered(group, seq(400)), 502, "nothing is missing");
  assert.equal(vault.oldest(group), 501);
  vault.left(group);
  assert.equal(vault.entered(group, seq(3000)), 3000);
  assert.equal(vault.oldest(group), 3001);
  assert.deepEqual(
    vault.groups().map(({ cursor }) => cursor),
    [3000],
  );
  vault.keep(group, { oldest: seq(2501) });
  assert.equal(vault.oldest(group), 2501);
  vault.close();
});

test("older messages that are fetched move the beginning of what is kept, and never its end", () => {
  const vault = opened();
  vault.entered(group, seq(500));
  vault.keep(group, { message: received(501), cursor: seq(501) });
  vault.keep(group, { message: received(450), cursor: seq(450) });
  vault.keep(group, { oldest: seq(440) });
  vault.keep(group, { oldest: seq(470) });
  assert.deepEqual([vault.groups()[0]?.cursor, vault.oldest(group)], [501, 440]);
  vault.close();
});

test("a vault of a newer program is refused with a code, each time that it is opened", () => {
  const file = newFile();
  opened(file).close();
  const database = VaultDatabase.open(file, key);
  database.run("PRAGMA user_version = 99");
  database.close();
  const before = readFileSync(file);
  for (let time = 0; time < 2; time++) assert.throws(() => opened(file), failsWith("vault_is_newer"));
  assert.deepEqual(readFileSync(file), before);
});

test("a step is kept whole or not at all", () => {
  const vault = opened();
  vault.keep(group, { message: received(1), cursor: seq(1) });
  // Another message with the same seq.
  const clash = received(1, { clientMessageId: clientMessageId(99n) });
  assert.throws(() => vault.keep(group, { message: clash, cursor: seq(9), suiteState: Buffer.from("lost") }));
  assert.deepEqual(vault.groups()[0]?.cursor, 1);
  assert.equal(vault.restore(group)?.suiteState, undefined);
  vault.keep(group, { message: received(2), cursor: seq(2) });
  vault.close();
});

test("pins come back with what the user has decided about them", () => {
  const vault = opened();
  const pin = {
    name: "bob",
    user: other,
    identity: Buffer.from("one"),
    verified: true,
    former: ["zero", "before"].map((of) => Buffer.from(of)),
  };
  vault.pins.save(pin);
  vault.pins.save({ ...pin, verified: false, changed: { user: userId(9), identity: Buffer.from("two") } });
  for (const found of [vault.pins.byName("bob"), vault.pins.byUser(other), vault.pins.all()[0]]) {
    assert.equal(found?.verified, false);
    assert.deepEqual(
      found?.former.map((of) => Buffer.from(of).toString()),
      ["zero", "before"],
    );
    assert.deepEqual([found?.changed?.user, Buffer.from(found?.changed?.identity ?? []).toString()], [9, "two"]);
  }
  assert.equal(vault.pins.byName("carol"), undefined);
  vault.close();
});

test("messages expire by when they were sent, and those that wait to be sent do not", () => {
  const vault = opened();
  for (const [at, of] of [
    [1, 1],
    [2, 1],
    [3, 2],
  ] as const) {
    vault.keep(group, { message: received(at, { epoch: epoch(of) }), cursor: seq(at) });
  }
  vault.written(written(1, "waits"));
  assert.deepEqual([...vault.expire(group, 2500)], [2]);
  assert.equal(vault.seqOf(group, other, clientMessageId(1n)), undefined);
  assert.equal(vault.seqOf(group, other, clientMessageId(3n)), 3);
  assert.equal(vault.unsent().length, 1);
  vault.close();
});

test("a client that is killed at any moment has lost no message that it took in", async () => {
  const file = newFile();
  opened(file).close();
  let taken = 0;
  for (let round = 0; round < 4; round++) {
    const writer = spawn(process.execPath, [
      "--input-type=module",
      "--eval",
      `
      const { Vault } = await import(${JSON.stringify(import.meta.resolve("./vault.js"))});
      const vault = Vault.open(${JSON.stringify(file)}, new Uint8Array(32).fill(7), { now: Date.now });
      for (let i = ${round * 10_000}; ; i++) {
        vault.written({ id: BigInt(i), group: 7, content: { kind: "text", text: "message " + i }, writtenAt: i });
        process.stdout.write(i + "\\n");
        if (i % 5 === 0) await new Promise(setImmediate);
      }`,
    ]);
    let out = "";
    writer.stdout.on("data", (chunk: Buffer) => {
      out += chunk.toString();
      if (out.length > 200 + randomBytes(1).readUInt8() * 4) writer.kill("SIGKILL");
    });
    await once(writer, "close");
    const vault = Vault.open(file, key, systemClock);
    const kept = new Set(vault.unsent().map(({ id }) => Number(id)));
    for (const line of out.split("\n").slice(0, -1)) {
      assert.ok(kept.has(Number(line)), `message ${line} of round ${round}`);
      taken++;
    }
    vault.close();
  }
  assert.ok(taken > 100, `${taken} messages`);
});
