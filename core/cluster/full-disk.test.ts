import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, test } from "node:test";
import { dialDirectly } from "../client/socket/dial.ts";
import { codeOf, Failure } from "../platform/failure.ts";
import { silentLog } from "../platform/log.ts";
import { EmbeddedPostgres } from "../store/embedded/embedded-postgres.ts";
import { freshDatabase } from "../testing/database.ts";
import { deploy } from "../testing/deployment.ts";
import { groupOf, person } from "../testing/person.ts";
import { serverPort, serverUrl } from "../testing/server-url.ts";
import { cannotMount, SmallDisk } from "../testing/small-disk.ts";
import { until } from "../testing/until.ts";

const endings: (() => Promise<void> | void)[] = [];
after(async () => {
  for (const end of endings.reverse()) await end();
});

function smallDisk(megabytes: number): SmallDisk {
  const disk = new SmallDisk(megabytes);
  endings.push(() => disk.remove());
  return disk;
}

test("while the disk is full no message is acknowledged, and once there is room every message that was taken in is", {
  skip: cannotMount,
}, async () => {
  const disk = smallDisk(220);
  const postgres = await EmbeddedPostgres.start({
    directory: path.join(disk.directory, "postgres"),
    ephemeral: false,
    log: silentLog,
  });
  endings.push(() => postgres.stop());
  const deployment = await deploy({ database: await freshDatabase(postgres.url()), servers: 2 });
  // A server notices the full disk when it writes; so alice, whose messages make it write, is on a server that the test knows.
  const port = serverPort(deployment);
  const dial = dialDirectly(serverUrl(deployment));
  const [alice, bob] = [await person(deployment.target, "alice", { dial }), await person(deployment.target, "bob")];
  const group = await groupOf(alice, bob);
  assert.ok((await alice.say(group, "before")).ok);
  const filler = path.join(disk.directory, "filler");
  fill(filler);
  const outcomes: boolean[] = [];
  const isReady = async () => (await fetch(`http://127.0.0.1:${port}/readyz`)).status === 200;
  const written: string[] = [];
  // Files that are on the disk already still have room for some messages.
  await until(async () => {
    const text = `${written.length} ${"x".repeat(40_000)}`;
    written.push(text);
    void alice.say(group, text).then(({ ok }) => outcomes.push(ok));
    return !(await isReady());
  }, "the disk is full and the server says that it is not ready");
  const acknowledged = outcomes.length;
  assert.ok(acknowledged < written.length);
  rmSync(filler);
  await until(isReady, "the server is ready again");
  await until(() => outcomes.length === written.length, "everything has its outcome");
  assert.ok(outcomes.every(Boolean));
  await until(() => bob.texts(group).length === written.length + 1, "bob has all of it");
  assert.deepEqual(bob.texts(group), ["before", ...written]);
  await deployment.stop();
});

test("a read-only data directory is a failure that says so", { skip: cannotMount }, async () => {
  const disk = smallDisk(200);
  const options = { directory: path.join(disk.directory, "postgres"), ephemeral: false, log: silentLog };
  await (await EmbeddedPostgres.start(options)).stop();
  disk.makeReadOnly();
  await assert.rejects(EmbeddedPostgres.start(options), (cause) => {
    assert.ok(cause instanceof Failure, String(cause));
    assert.match(`${cause.message} ${cause.advice}`, /read-only|cannot write/i);
    assert.match(cause.advice, /--data-dir/);
    return true;
  });
});

/** Fills the disk. */
function fill(file: string): void {
  for (let bytes = 1024 * 1024; bytes >= 512; ) {
    try {
      for (;;) writeFileSync(file, Buffer.alloc(bytes), { flag: "a" });
    } catch (cause) {
      assert.equal(codeOf(cause), "ENOSPC");
      bytes /= 2;
    }
  }
}
