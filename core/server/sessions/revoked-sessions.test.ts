import assert from "node:assert/strict";
import { test } from "node:test";
import { userId } from "../../wire/ids.ts";
import { databaseDouble, serverDouble, sessionDouble } from "../testing/doubles.ts";
import { endSession, RevokedSessions } from "./revoked-sessions.ts";

const id = (of: number) => new Uint8Array(16).fill(of);
const hour = 3_600_000;

/** The database of a deployment whose servers end sessions at moments, and commit that perhaps later. */
function deployment() {
  const ended: { readonly id: Uint8Array; readonly at: number; readonly committedAt: number }[] = [];
  const time = { now: 1_000 * hour };
  const database = databaseDouble(async ({ values = [] }) => {
    const [since] = values;
    assert.ok(since instanceof Date);
    const known = ended.filter(({ at, committedAt }) => at >= since.getTime() && committedAt <= time.now);
    const rows = known.map((of) => ({ id: of.id, expiresAt: new Date(time.now + hour), asked: new Date(time.now) }));
    return rows.length > 0 ? rows : [{ id: null, expiresAt: null, asked: new Date(time.now) }];
  });
  return { ended, time, database };
}

test("sessions that were ended before this server began, or while it did not hear of it, resume nothing", async () => {
  const { ended, time, database } = deployment();
  ended.push({ id: id(1), at: time.now - 5 * hour, committedAt: time.now - 5 * hour });
  const revoked = new RevokedSessions(24 * hour);
  assert.deepEqual(await revoked.refresh(database, time.now), [id(1)]);
  assert.ok(revoked.has(id(1)));
  // It was ended before the reading, and its transaction committed after it.
  ended.push({ id: id(2), at: time.now - 1_000, committedAt: time.now + 500 });
  time.now += 10_000;
  assert.deepEqual(await revoked.refresh(database, time.now), [id(2)]);
  assert.ok(revoked.has(id(2)));
  assert.deepEqual(await revoked.refresh(database, time.now), [], "each is news once");
});

test("a session is forgotten when its token has expired by itself", async () => {
  const { time, database } = deployment();
  const revoked = new RevokedSessions(24 * hour);
  revoked.add(id(3), time.now);
  await revoked.refresh(database, time.now + 23 * hour);
  assert.ok(revoked.has(id(3)));
  await revoked.refresh(database, time.now + 25 * hour);
  assert.ok(!revoked.has(id(3)));
});

test("an ended session loses all its connections but the one that asked for it, and others none", () => {
  const server = serverDouble(databaseDouble(async () => []));
  const lost: string[] = [];
  const connected = (name: string, session: number) => {
    const made = sessionDouble({
      isOfSession: (of) => of[0] === session,
      end: (code) => void lost.push(`${name}: ${code}`),
    });
    server.users.add(userId(1), made);
    return made;
  };
  connected("first", 1);
  const asking = connected("asking", 1);
  connected("other", 2);
  endSession(server, id(1), asking);
  assert.deepEqual(lost, ["first: token_invalid"]);
  assert.ok(server.revoked.has(id(1)));
  endSession(server, id(1));
  assert.deepEqual(lost, ["first: token_invalid", "first: token_invalid", "asking: token_invalid"]);
});
