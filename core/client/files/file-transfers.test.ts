import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, suite, test } from "node:test";
import { socketUrl } from "../../cluster/launcher/cluster.ts";
import type { FileContent } from "../../e2ee/content.ts";
import { projectRoot } from "../../platform/project-root.ts";
import { deploy, type TestDeployment } from "../../testing/deployment.ts";
import { filesOf, outgoingInMemory } from "../../testing/files.ts";
import { HostileServer } from "../../testing/hostile-server.ts";
import { groupOf, type Person, person } from "../../testing/person.ts";
import { present } from "../../testing/present.ts";
import { until } from "../../testing/until.ts";
import type { GroupId } from "../../wire/ids.ts";

const scratch = mkdtempSync(path.join(tmpdir(), "files-test-"));
after(() => rmSync(scratch, { recursive: true, force: true }));
let files = 0;
function written(bytes: Uint8Array | string): string {
  const file = path.join(scratch, `file${files++}.bin`);
  writeFileSync(file, bytes);
  return file;
}
const target = () => path.join(scratch, `saved${files++}`);

suite("files between members", () => {
  let deployment: TestDeployment;
  let alice: Person;
  let bob: Person;
  let group: GroupId;
  before(async () => {
    deployment = await deploy({ servers: 2, attachmentBytesMax: 1_000_000, attachmentQuotaBytes: 4_000_000 });
    [alice, bob] = await Promise.all([person(deployment.target, "alice"), person(deployment.target, "bob")]);
    group = await groupOf(alice, bob);
  });
  after(() => deployment.stop());

  /** The content that bob receives of a file that alice sends. */
  async function sent(file: string, options = {}): Promise<FileContent> {
    const before = bob.messages.length;
    const outcome = await filesOf(alice, deployment.target).send(group, file, options);
    assert.ok(outcome.ok && outcome.value.ok, JSON.stringify(outcome));
    return newestAfter(before);
  }

  /** The newest file content that bob has received, once he has received more than so many messages. */
  async function newestAfter(before: number): Promise<FileContent> {
    await until(() => bob.messages.length > before, "bob receives the message");
    const content = bob.messages.at(-1)?.content;
    assert.ok(content?.kind === "file");
    return content;
  }

  test("arrive byte for byte, of any size, with their name and the text that is sent with them", async () => {
    for (const size of [0, 1, 65_535, 65_536, 65_537, 300_000]) {
      const bytes = Buffer.alloc(size, size % 251);
      const file = written(bytes);
      const progress: number[] = [];
      const content = await sent(file, { text: "look", onProgress: (done: number) => progress.push(done) });
      assert.deepEqual([content.name, content.size, content.text], [path.basename(file), size, "look"]);
      assert.equal(progress.at(-1), size);
      const saved = target();
      const received: number[] = [];
      const outcome = await filesOf(bob, deployment.target).save(content, saved, {
        onProgress: (done) => received.push(done),
      });
      assert.ok(outcome.ok, JSON.stringify(outcome));
      assert.deepEqual(readFileSync(saved), bytes);
      assert.equal(received.at(-1), size);
      assert.ok(received.every((done, i) => i === 0 || done > present(received[i - 1])));
      const read = await filesOf(bob, deployment.target).read(content);
      assert.ok(read.ok && Buffer.from(read.value).equals(bytes));
    }
  });

  test("go on where they were cut off, when sent and when fetched", async () => {
    const hostile = await HostileServer.inFrontOf(socketUrl("127.0.0.1", present(deployment.cluster.serverPorts[0])));
    const bytes = Buffer.alloc(600_000, "abc");
    const file = written(bytes);
    const store = outgoingInMemory();
    const stop = new AbortController();
    const cut = await filesOf(alice, hostile.target, { store }).send(group, file, {
      signal: stop.signal,
      onProgress: (done) => done > 200_000 && stop.abort(),
    });
    assert.equal(!cut.ok && cut.reason.code, "cancelled");
    const [begun] = store.unsent();
    assert.ok(begun);
    let chunks = 0;
    hostile.body = (route, body) => {
      if (/\/\d+$/.test(route)) chunks++;
      return body;
    };
    const before = bob.messages.length;
    assert.ok((await filesOf(alice, hostile.target, { store }).resume(begun)).ok);
    assert.ok(chunks > 0 && chunks <= 7, `${chunks} of 10 chunks were sent again`);
    assert.equal(store.unsent().length, 0);
    const content = await newestAfter(before);

    const saved = target();
    const halt = new AbortController();
    const half = await filesOf(bob, hostile.target).save(content, saved, {
      signal: halt.signal,
      onProgress: (done) => done > 300_000 && halt.abort(),
    });
    assert.equal(!half.ok && half.reason.code, "cancelled");
    assert.equal(existsSync(saved), false, "what is not whole does not have its name");
    const progress: number[] = [];
    const rest = await filesOf(bob, hostile.target).save(content, saved, { onProgress: (done) => progress.push(done) });
    assert.ok(rest.ok);
    assert.ok(present(progress[0]) > 300_000, "it went on from where it was");
    assert.deepEqual(readFileSync(saved), bytes);
    assert.deepEqual(
      readdirSync(scratch).filter((entry) => entry.endsWith(".part")),
      [],
    );
  });

  test("survive a connection that breaks in the middle", async () => {
    const hostile = await HostileServer.inFrontOf(socketUrl("127.0.0.1", present(deployment.cluster.serverPorts[0])));
    const content = await sent(written(Buffer.alloc(500_000, "xyz")));
    let breaks = 0;
    hostile.cutAnswersAfter = () => (breaks++ < 3 ? 150_000 : undefined);
    const saved = target();
    const outcome = await filesOf(bob, hostile.target).save(content, saved);
    assert.ok(outcome.ok, JSON.stringify(outcome));
    assert.ok(breaks > 3);
    assert.deepEqual(readFileSync(saved), Buffer.alloc(500_000, "xyz"));
  });

  test("that have not the hash that their sender gave are neither saved nor shown", async () => {
    const content = await sent(written(Buffer.alloc(70_000, 5)));
    const other = { ...content, hash: Buffer.from(content.hash).fill(1, 0, 1) };
    const place = target();
    for (const refused of [
      await filesOf(bob, deployment.target).save(other, place),
      await filesOf(bob, deployment.target).read(other),
    ]) {
      assert.equal(!refused.ok && refused.reason.code, "attachment_tampered");
    }
    assert.deepEqual(
      readdirSync(path.dirname(place)).filter((name) => name === path.basename(place) || name.endsWith(".part")),
      [],
    );
    assert.ok((await filesOf(bob, deployment.target).save(content, place)).ok, "the right one is");
  });

  test("that changed since their upload began are sent anew, under another key", async () => {
    const file = written(Buffer.alloc(200_000, "a"));
    const store = outgoingInMemory();
    const stop = new AbortController();
    await filesOf(alice, deployment.target, { store }).send(group, file, {
      signal: stop.signal,
      onProgress: () => stop.abort(),
    });
    const [begun] = store.unsent();
    assert.ok(begun);
    writeFileSync(file, Buffer.alloc(200_000, "b"));
    const before = bob.messages.length;
    assert.ok((await filesOf(alice, deployment.target, { store }).resume(begun)).ok);
    const content = await newestAfter(before);
    assert.notDeepEqual(content.key, begun.key);
    assert.notDeepEqual(content.attachment, begun.attachment);
    const read = await filesOf(bob, deployment.target).read(content);
    assert.ok(read.ok && Buffer.from(read.value).equals(Buffer.alloc(200_000, "b")));
  });

  test("replace no other file, unless the user wants that", async () => {
    const content = await sent(written("new"));
    const saved = written("old");
    const files = filesOf(bob, deployment.target);
    const refused = await files.save(content, saved);
    assert.equal(!refused.ok && refused.reason.code, "file_exists");
    assert.equal(readFileSync(saved, "utf8"), "old");
    assert.ok((await files.save(content, saved, { replace: true })).ok);
    assert.equal(readFileSync(saved, "utf8"), "new");
  });

  test("that are images lose the place where they were taken, unless the user keeps the metadata", async () => {
    const photo = path.join(projectRoot, "core/media/fixtures/photo.jpg");
    const files = filesOf(bob, deployment.target);
    for (const keepMetadata of [false, true]) {
      const content = await sent(photo, { keepMetadata });
      assert.equal(content.mediaType, "image/jpeg");
      const read = await files.read(content);
      assert.ok(read.ok);
      assert.equal(Buffer.from(read.value).includes("Zurich"), keepMetadata);
    }
    const broken = await filesOf(alice, deployment.target).send(group, written(readFileSync(photo).subarray(0, 900)));
    assert.equal(!broken.ok && broken.reason.code, "metadata_not_removable");
  });

  test("that are too large, over the quota, unreadable or not a member's are refused with a code", async () => {
    const outsider = await person(deployment.target, "outsider");
    const code = async (who: Person, file: string) => {
      const outcome = await filesOf(who, deployment.target).send(group, file);
      return outcome.ok ? "sent" : outcome.reason.code;
    };
    assert.equal(await code(alice, written(Buffer.alloc(1_000_001))), "attachment_too_large");
    assert.equal(await code(alice, path.join(scratch, "nowhere")), "file_unreadable");
    assert.equal(await code(alice, scratch), "file_unreadable");
    assert.equal(await code(outsider, written("x")), "not_a_member");
    const codes: string[] = [];
    for (let i = 0; i < 5; i++) codes.push(await code(bob, written(Buffer.alloc(900_000))));
    assert.deepEqual(codes, ["sent", "sent", "sent", "sent", "quota_exceeded"]);
    const content = await sent(written("for members"));
    const stolen = await filesOf(outsider, deployment.target).read(content);
    assert.equal(!stolen.ok && stolen.reason.code, "attachment_unknown");
    const unwritable = await filesOf(bob, deployment.target).save(content, path.join(written("a file"), "below"));
    assert.equal(!unwritable.ok && unwritable.reason.code, "file_unwritable");
  });

  test("end when the transfers are closed, and go on later", async () => {
    const store = outgoingInMemory();
    const transfers = filesOf(alice, deployment.target, { store });
    const underWay = transfers.send(group, written(Buffer.alloc(900_000)));
    await until(() => store.unsent().length === 1, "it has begun");
    await transfers.close();
    const outcome = await underWay;
    assert.equal(!outcome.ok && outcome.reason.code, "cancelled");
    const [begun] = store.unsent();
    assert.ok(begun);
    const later = filesOf(alice, deployment.target, { store });
    assert.ok((await later.giveUp(begun)).ok);
    assert.equal(store.unsent().length, 0);
  });
});
