import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, suite, test } from "node:test";
import * as opaque from "../../e2ee/opaque-client.ts";
import { systemClock } from "../../platform/clock.ts";
import { seededRandom } from "../../platform/random.ts";
import { deploy, type TestDeployment } from "../../testing/deployment.ts";
import { filesOf } from "../../testing/files.ts";
import { HostileServer } from "../../testing/hostile-server.ts";
import { groupOf, person } from "../../testing/person.ts";
import { present } from "../../testing/present.ts";
import { until } from "../../testing/until.ts";
import { chunkStoredBytes } from "../../wire/attachment.ts";
import { logIn } from "../account/authenticate.ts";
import { Connection } from "../mail/connection.ts";
import { dialAssigned } from "../socket/dial.ts";
import { openLeanSocket } from "../socket/lean-socket.ts";

const scratch = mkdtempSync(path.join(tmpdir(), "hostile-test-"));
after(() => rmSync(scratch, { recursive: true, force: true }));

suite("a server that lies about files and logins", () => {
  let deployment: TestDeployment;
  let hostile: HostileServer;
  let names = 0;
  before(async () => {
    deployment = await deploy();
    hostile = await HostileServer.inFrontOf(deployment.cluster.url);
  });
  after(() => deployment.stop());

  test("a file that was cut, or whose chunks were swapped, repeated, changed or are another's, is not saved", async () => {
    const [alice, bob] = await Promise.all(["alice", "bob"].map((role) => person(hostile.target, `${role}${names++}`)));
    assert.ok(alice && bob);
    const group = await groupOf(alice, bob);
    for (const name of ["one", "two"]) {
      const file = path.join(scratch, name);
      writeFileSync(file, Buffer.alloc(200_000, name));
      const sent = await filesOf(alice, hostile.target).send(group, file);
      assert.ok(sent.ok && sent.value.ok);
    }
    await until(() => bob.messages.length === 2, "bob has received both");
    const [one, two] = bob.messages.flatMap(({ content }) => (content.kind === "file" ? [content] : []));
    assert.ok(one && two);
    const files = filesOf(bob, hostile.target);
    const stored = new Map<string, Buffer>();
    hostile.body = (route, body) => {
      stored.set(route, body);
      return body;
    };
    const honest = await files.read(two);
    assert.ok(honest.ok);
    const other = present([...stored.values()].at(-1));
    const chunk = (body: Buffer, index: number) =>
      body.subarray(index * chunkStoredBytes, (index + 1) * chunkStoredBytes);
    const lies: Readonly<Record<string, (body: Buffer) => Buffer>> = {
      "cut in a chunk": (body) => body.subarray(0, body.length - 100),
      "cut behind a chunk": (body) => body.subarray(0, 2 * chunkStoredBytes),
      empty: () => Buffer.alloc(0),
      swapped: (body) => Buffer.concat([chunk(body, 1), chunk(body, 0), body.subarray(2 * chunkStoredBytes)]),
      repeated: (body) => Buffer.concat([chunk(body, 0), chunk(body, 0), body.subarray(2 * chunkStoredBytes)]),
      "another file's chunk": (body) => Buffer.concat([chunk(other, 0), body.subarray(chunkStoredBytes)]),
      "another file": () => other,
      changed: (body) => {
        const changed = Buffer.from(body);
        changed.writeUInt8(changed.readUInt8(chunkStoredBytes + 5) ^ 1, chunkStoredBytes + 5);
        return changed;
      },
    };
    for (const [what, lie] of Object.entries(lies)) {
      hostile.body = (_route, body) => lie(body);
      const directory = path.join(scratch, what);
      const saved = await files.save(one, path.join(directory, "one"));
      assert.equal(!saved.ok && saved.reason.code, "attachment_tampered", what);
      assert.deepEqual(
        readdirSync(directory).filter((entry) => !entry.endsWith(".part")),
        [],
        what,
      );
      // From an honest server the client then fetches the rest, or all of it.
      hostile.body = (_route, body) => body;
      assert.ok((await files.save(one, path.join(directory, "one"))).ok, what);
      assert.deepEqual(readFileSync(path.join(directory, "one")), Buffer.alloc(200_000, "one"));
    }
  });

  test("a login that is answered with somebody else's record fails, and the client sends no proof of the password", async () => {
    const mallory = await person(hostile.target, `mallory${names++}`, { password: "known to the server" });
    const victim = await person(hostile.target, `victim${names++}`, { password: "correct horse" });
    const attempt = async () => {
      const connection = new Connection(
        { dial: dialAssigned(hostile.target), open: openLeanSocket, clock: systemClock, random: seededRandom(1) },
        { stateChanged() {}, ready() {}, delivered() {}, acknowledged() {}, noticed() {}, blamed() {} },
      );
      const credentials = { name: victim.name, password: "correct horse", effort: "simulated" } as const;
      const welcome = await connection.logIn(logIn(opaque, credentials));
      connection.close();
      return welcome;
    };
    let finished = 0;
    hostile.onRequest("logInFinish", (frame) => {
      finished++;
      return frame;
    });
    hostile.onRequest("logInStart", (frame) => ({ ...frame, name: mallory.name }));
    const welcome = await attempt();
    assert.equal(!welcome.ok && welcome.reason.code, "login_failed");
    assert.equal(finished, 0, "the client proves nothing to a server that has not proved that it has the record");
    hostile.repent();
    assert.ok((await attempt()).ok);
  });
});
