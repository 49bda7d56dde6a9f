import assert from "node:assert/strict";
import { test } from "node:test";
import { silentLog } from "../platform/log.ts";
import { openFreshDatabase } from "../testing/database.ts";
import { FakeClock } from "../testing/fake-clock.ts";
import { Janitor } from "./janitor.ts";

const hourMs = 3600 * 1000;

test("whatever has expired goes in one run, however much it is, and what has not stays; a run that failed is made up for", async () => {
  const database = await openFreshDatabase();
  const clock = new FakeClock(Date.now());
  const janitor = new Janitor({ database, clock, log: silentLog });
  await database.query({
    text: `INSERT INTO attachments (id, group_id, owner_id, size, created_at)
           SELECT int4send(n), 1, 1, 1, to_timestamp($1) FROM generate_series(1, 250) AS n`,
    values: [clock.now() / 1000],
  });
  await database.query({
    text: "INSERT INTO sessions (id, user_id, expires_at) VALUES ('a', 1, to_timestamp($1)), ('b', 1, to_timestamp($2))",
    values: [(clock.now() + hourMs) / 1000, (clock.now() + 100 * hourMs) / 1000],
  });
  const left = async () => {
    const uploads = await database.query({ text: "SELECT FROM attachments" });
    const sessions = await database.query<{ id: Buffer }>({ text: "SELECT id FROM sessions ORDER BY id" });
    return [uploads.length, ...sessions.map(({ id }) => id.toString())];
  };
  await janitor.run();
  assert.deepEqual(await left(), [250, "a", "b"]);
  await clock.advance(23 * hourMs);
  await janitor.run();
  assert.deepEqual(await left(), [250, "b"]);
  await clock.advance(2 * hourMs);
  await database.query({ text: "ALTER TABLE groups RENAME TO hidden" });
  await janitor.run();
  assert.deepEqual(await left(), [250, "b"]);
  await database.query({ text: "ALTER TABLE hidden RENAME TO groups" });
  await janitor.run();
  assert.deepEqual(await left(), [0, "b"]);
});
