import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, test } from "node:test";
import { dialDirectly } from "../client/socket/dial.ts";
import { Failure } from "../platform/failure.ts";
import { silentLog } from "../platform/log.ts";
import { EmbeddedPostgres } from "../store/embedded/embedded-postgres.ts";
import { freshDatabase } from "../testing/database.ts";
import { deploy } from "../testing/deployment.ts";
import { groupOf, person } from "../testing/person.ts";
import { cannotMount, SmallDisk } from "../testing/small-disk.ts";
import { until } from "../testing/until.ts";
import { socketUrl } from "./launcher/cluster.ts";

const endings: (() => Promise<void> | void)[] = [];
after(async () => {
  for (const end of endings.reverse()) await end();
});

function smallDisk(megabytes: number): SmallDisk {
  const disk = new SmallDisk(megabytes);
  endings.push(() => disk.remove());
  return disk;
}

test("while the disk is full nothing is acknowledged, and once there is room everything that was taken in is", {
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
  // A server learns that the database takes nothing when it writes: what alice writes, hers does.
  const [port = 0] = deployment.cluster.serverPorts;
  const dial = dialDirectly(socketUrl("127.0.0.1", port));
  const [alice, bob] = [await person(deployment.target, "alice", { dial }), await person(deployment.target, "bob")];
  const group = await groupOf(alice, bob);
  assert.ok((await alice.say(group, "before")).ok);
  const filler = path.join(disk.directory, "filler");
  fill(filler);
  const outcomes: boolean[] = [];
  const isReady = async () => (await fetch(`http://127.0.0.1:${port}/readyz`)).status === 200;
  const written: string[] = [];
  // What is on the disk already has room for some.
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

test("a data directory that can only be read stops the start, and says so", { skip: cannotMount }, async () => {
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

/** Takes all the room that there is. */
function fill(file: string): void {
  for (let bytes = 1024 * 1024; bytes >= 512; ) {
    try {
      for (;;) writeFileSync(file, Buffer.alloc(bytes), { flag: "a" });
    } catch (cause) {
      assert.equal((cause as NodeJS.ErrnoException).code, "ENOSPC");
      bytes /= 2;
    }
  }
}
