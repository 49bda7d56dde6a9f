import assert from "node:assert/strict";
import { connect } from "node:net";
import { after, before, suite, test } from "node:test";
import { groupOf } from "../../testing/person.ts";
import { serverPort } from "../../testing/server-url.ts";
import { transportsHere } from "../../testing/transports-here.ts";
import { until } from "../../testing/until.ts";
import { storedBytes, storedChunkBytes } from "../../wire/attachment.ts";
import { AttachmentRig, bytesMax, newId, progressOf } from "./testing/attachment-rig.ts";

for (const transport of transportsHere) {
  suite(`attachments over ${transport}`, () => {
    let rig: AttachmentRig;
    before(async () => {
      rig = await AttachmentRig.open(transport);
    });
    after(() => rig.close());

    test("a file that one member uploads is fetched by another from another server, byte for byte", async () => {
      for (const size of [0, 1, 65_535, 65_536, 65_537, 200_000]) {
        const { id, stored } = await rig.uploaded(size);
        assert.equal(stored.length, storedBytes(size));
        const fetched = await rig.ask(rig.bob, "GET", id, { server: 1 });
        assert.equal(fetched.status, 200);
        assert.equal(fetched.headers.get("accept-ranges"), "bytes");
        assert.ok(fetched.bytes.equals(stored), `${size} bytes`);
      }
    });

    test("any range is served, across chunks too", async () => {
      const { id, stored } = await rig.uploaded(200_000);
      const { length } = stored;
      for (const [range, from, to] of [
        ["bytes=0-0", 0, 0],
        ["bytes=0-65551", 0, 65_551],
        ["bytes=65551-65552", 65_551, 65_552],
        ["bytes=100-180000", 100, 180_000],
        ["bytes=131104-", 131_104, length - 1],
        ["bytes=-10", length - 10, length - 1],
        [`bytes=-${length + 10}`, 0, length - 1],
        ["Bytes=7-7", 7, 7],
        [`bytes=5-${length + 100}`, 5, length - 1],
      ] as const) {
        const part = await rig.ask(rig.bob, "GET", id, { range });
        assert.equal(part.status, 206, range);
        assert.equal(part.headers.get("content-range"), `bytes ${from}-${to}/${length}`);
        assert.ok(part.bytes.equals(stored.subarray(from, to + 1)), range);
      }
      const beyond = await rig.ask(rig.bob, "GET", id, { range: `bytes=${length}-` });
      assert.deepEqual(
        [beyond.status, beyond.code, beyond.headers.get("content-range")],
        [416, "range_invalid", `bytes */${length}`],
      );
      for (const range of [
        "bytes=0-1,5-6",
        "lines=1-2",
        "nonsense",
        "bytes=9-5",
        "bytes=a-b",
        "bytes=0x0-1",
        "bytes=-",
      ])
        assert.equal((await rig.ask(rig.bob, "GET", id, { range })).status, 200, range);
      // A range with a condition, which no file here can meet.
      assert.equal((await rig.ask(rig.bob, "GET", id, { range: "bytes=0-0", ifRange: '"a version"' })).status, 200);
    });

    test("HEAD has the headers of GET, and only GET has ranges", async () => {
      const grace = await rig.person("grace");
      const { id, stored } = await rig.uploaded(100_000, grace, await groupOf(grace));
      for (const range of [undefined, "bytes=0-9", `bytes=${stored.length}-`]) {
        const head = await rig.ask(grace, "HEAD", id, range === undefined ? {} : { range });
        assert.deepEqual([head.status, head.bytes.length], [200, 0], range);
        assert.equal(head.headers.get("content-length"), String(stored.length));
        assert.equal(head.headers.get("accept-ranges"), "bytes");
      }
      assert.equal((await rig.ask(grace, "HEAD", newId())).status, 404);
      assert.equal((await rig.ask(undefined, "HEAD", id)).status, 401);
    });

    test("an upload that was broken off goes on where it stopped", async () => {
      const id = newId();
      const size = 200_000;
      assert.deepEqual(progressOf(await rig.begin(rig.alice, id, size)), { complete: false, missing: [[0, 3]] });
      for (const index of [0, 2])
        await rig.ask(rig.alice, "PUT", `${id}/${index}`, { body: Buffer.alloc(storedChunkBytes(size, index)) });
      assert.deepEqual(progressOf(await rig.begin(rig.alice, id, size)).missing, [
        [1, 1],
        [3, 3],
      ]);
      assert.equal((await rig.ask(rig.bob, "GET", id)).code, "attachment_incomplete");
      // A chunk that is sent again changes nothing.
      assert.equal(
        (await rig.ask(rig.alice, "PUT", `${id}/0`, { body: Buffer.alloc(storedChunkBytes(size, 0), 1) })).status,
        204,
      );
      for (const index of [1, 3])
        await rig.ask(rig.alice, "PUT", `${id}/${index}`, { body: Buffer.alloc(storedChunkBytes(size, index)) });
      assert.deepEqual(progressOf(await rig.begin(rig.alice, id, size)), { complete: true, missing: [] });
      assert.equal((await rig.ask(rig.bob, "GET", id, { range: "bytes=0-0" })).bytes[0], 0);
    });

    test("files are deleted with their group's expired messages, and so are uploads that were given up", async () => {
      const id = newId();
      await rig.begin(rig.alice, id, 1);
      await rig.database.query({
        text: "UPDATE attachments SET created_at = now() - interval '2 days' WHERE completed_at IS NULL",
      });
      await until(
        async () =>
          (await rig.ask(rig.alice, "PUT", `${id}/0`, { body: Buffer.alloc(17) })).code === "attachment_unknown",
        "it is gone",
      );
      const expiring = await rig.alice.client.createGroup({
        title: "soon gone",
        members: ["bob"],
        expireSeconds: 3600,
      });
      assert.ok(expiring.ok);
      const of = expiring.value.group;
      const file = newId();
      await rig.begin(rig.alice, file, 1, of);
      await rig.ask(rig.alice, "PUT", `${file}/0`, { body: Buffer.alloc(17) });
      assert.equal(progressOf(await rig.begin(rig.alice, file, 1, of)).complete, true);
      await rig.database.query({
        text: "UPDATE attachments SET created_at = now() - interval '2 hours' WHERE id = $1",
        values: [Buffer.from(file, "hex")],
      });
      await until(async () => (await rig.ask(rig.alice, "GET", file)).status === 404, "it has expired");
      const left = await rig.database.query({
        text: "SELECT 1 FROM attachment_chunks WHERE attachment_id = $1",
        values: [Buffer.from(file, "hex")],
      });
      assert.equal(left.length, 0);
    });

    test("the download of a file that has lost chunks fails or is broken off, and other files are served", async () => {
      const frank = await rig.person("frank");
      const own = await groupOf(frank);
      for (const lost of [0, 4]) {
        const { id } = await rig.uploaded(300_000, frank, own);
        await rig.database.query({
          text: "DELETE FROM attachment_chunks WHERE attachment_id = $1 AND index >= $2",
          values: [Buffer.from(id, "hex"), lost],
        });
        if (lost === 0) assert.equal((await rig.ask(frank, "GET", id)).code, "internal");
        else await assert.rejects(rig.ask(frank, "GET", id));
      }
      assert.equal((await rig.uploaded(1000, frank, own)).stored.length, 1016);
    });

    test("a download whose client stops reading holds up no other, and ends with its connection", async () => {
      const erin = await rig.person("erin");
      const { id, stored } = await rig.uploaded(bytesMax, erin, await groupOf(erin, rig.alice));
      const socket = connect({ host: "127.0.0.1", port: serverPort(rig.deployment) });
      const token = Buffer.from(rig.alice.token).toString("base64url");
      socket.write(`GET /v1/attachments/${id} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\n\r\n`);
      await new Promise((resolve) => socket.once("data", resolve));
      socket.pause();
      assert.ok((await rig.ask(erin, "GET", id)).bytes.equals(stored));
      socket.destroy();
      assert.ok((await rig.ask(erin, "GET", id)).bytes.equals(stored));
    });
  });
}
