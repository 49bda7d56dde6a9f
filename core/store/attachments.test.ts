import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { openFreshDatabase } from "../testing/database.ts";
import { present } from "../testing/present.ts";
import { insertGroup } from "../testing/stored-group.ts";
import { groupId, type UserId } from "../wire/ids.ts";
import {
  beginAttachment,
  completeAttachment,
  findAttachment,
  readChunks,
  removeStaleAttachments,
  storeChunk,
  storedChunks,
} from "./attachments.ts";
import type { Database } from "./database.ts";
import { insertUser } from "./users.ts";

const hourMs = 3600 * 1000;
const uploadMsMax = 24 * hourMs;

/** A database with an owner of files, and two groups: the second keeps files for an hour, the first for ever. */
async function databaseOfOwner() {
  const database = await openFreshDatabase();
  const nothing = new Uint8Array(1);
  const user = { name: "alice", credential: "alice", record: nothing, identity: nothing };
  const owner = present(await insertUser(database, user));
  await insertGroup(database, 1);
  await insertGroup(database, 2, { expireSeconds: 3600 });
  return { database, owner };
}

const begin = (database: Database, owner: UserId, { size = 10, group = 1, quota = 1e9, id = randomBytes(16) } = {}) =>
  beginAttachment(database, { id, group: groupId(group), owner, size }, quota);

/** Begins a file of one chunk; completes it, unless it is to be given up. */
async function uploaded(database: Database, owner: UserId, { group = 1, isComplete = true } = {}): Promise<Uint8Array> {
  const begun = await begin(database, owner, { group });
  assert.ok(begun !== "over_quota");
  await storeChunk(database, begun.id, 0, Buffer.from("chunk"));
  if (isComplete) assert.ok(await completeAttachment(database, begun.id, 1));
  return begun.id;
}

test("a user's files take the quota and no more, also when many begin at once", async () => {
  const { database, owner } = await databaseOfOwner();
  const begun = await Promise.all(Array.from({ length: 8 }, () => begin(database, owner, { size: 40, quota: 120 })));
  assert.equal(begun.filter((one) => one !== "over_quota").length, 3);
  assert.equal(await begin(database, owner, { size: 1, quota: 120 }), "over_quota");
  const known = present(begun.find((one) => one !== "over_quota"));
  const again = await begin(database, owner, { size: 40, quota: 120, id: Buffer.from(known.id) });
  assert.notEqual(again, "over_quota", "one that was begun is found, whatever the quota");
});

test("a file is complete once it has all its chunks, and each chunk is the one that came first", async () => {
  const { database, owner } = await databaseOfOwner();
  const begun = await begin(database, owner);
  assert.ok(begun !== "over_quota");
  const { id } = begun;
  for (const [index, text] of [
    [2, "third"],
    [0, "first"],
    [0, "again"],
  ] as const) {
    await storeChunk(database, id, index, Buffer.from(text));
  }
  assert.deepEqual(await storedChunks(database, id), [0, 2]);
  assert.equal(await completeAttachment(database, id, 3), false);
  assert.equal((await findAttachment(database, id))?.complete, false);
  await storeChunk(database, id, 1, Buffer.from("second"));
  assert.equal(await completeAttachment(database, id, 3), true);
  assert.equal((await findAttachment(database, id))?.complete, true);
  const chunks = await readChunks(database, { id, from: 0, count: 3 });
  assert.deepEqual(chunks.map(String), ["first", "second", "third"]);
});

test("a chunk that the database does not store is an error, and the connection is good for the next", async () => {
  const { database, owner } = await databaseOfOwner();
  const begun = await begin(database, owner);
  assert.ok(begun !== "over_quota");
  await database.query({ text: "ALTER TABLE attachment_chunks ADD CHECK (length(bytes) <> 13)" });
  for (let round = 0; round < 6; round++) {
    await assert.rejects(storeChunk(database, begun.id, 0, Buffer.alloc(13)), /check/);
  }
  await storeChunk(database, begun.id, 0, Buffer.alloc(12));
  assert.deepEqual(await storedChunks(database, begun.id), [0]);
});

test("uploads that were given up go after a day, files with their group's messages, and their chunks with them; others stay", async () => {
  const { database, owner } = await databaseOfOwner();
  const kept = await uploaded(database, owner);
  const expiring = await uploaded(database, owner, { group: 2 });
  const givenUp = await uploaded(database, owner, { isComplete: false });
  const left = async () => {
    const rows = await database.query<{ id: Buffer }>({
      text: "SELECT attachment_id AS id FROM attachment_chunks JOIN attachments ON id = attachment_id",
    });
    const all = await database.query({ text: "SELECT FROM attachment_chunks" });
    assert.equal(all.length, rows.length, "no chunk without its file");
    return new Set(rows.map(({ id }) => id.toString("hex")));
  };
  const hex = (...ids: readonly Uint8Array[]) => new Set(ids.map((id) => Buffer.from(id).toString("hex")));
  const removedAfter = (ms: number) =>
    removeStaleAttachments(database, { now: new Date(Date.now() + ms), uploadMsMax });
  assert.equal(await removedAfter(0.9 * hourMs), 0);
  assert.equal(await removedAfter(1.1 * hourMs), 1);
  assert.deepEqual(await left(), hex(kept, givenUp));
  assert.equal(await removedAfter(uploadMsMax - hourMs), 0);
  assert.equal(await removedAfter(uploadMsMax + hourMs), 1);
  assert.deepEqual(await left(), hex(kept));
  assert.equal(await removedAfter(1000 * uploadMsMax), 0);
  assert.equal((await findAttachment(database, expiring))?.complete, undefined);
});
