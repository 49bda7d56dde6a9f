import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { connect } from "node:net";
import { after, before, suite, test } from "node:test";
import { silentLog } from "../../platform/log.ts";
import { Database } from "../../store/database.ts";
import { deploy, type TestDeployment } from "../../testing/deployment.ts";
import { groupOf, type Person, person } from "../../testing/person.ts";
import { transportsHere } from "../../testing/transports-here.ts";
import { until } from "../../testing/until.ts";
import { chunkCount, storedBytes, storedChunkBytes } from "../../wire/attachment.ts";
import type { GroupId } from "../../wire/ids.ts";

const bytesMax = 300_000;
const quotaBytes = 1_000_000;

for (const transport of transportsHere) {
  suite(`attachments over ${transport}`, () => {
    let deployment: TestDeployment;
    let database: Database;
    let alice: Person;
    let bob: Person;
    let mallory: Person;
    let group: GroupId;
    before(async () => {
      deployment = await deploy({
        servers: 2,
        transport,
        attachmentBytesMax: bytesMax,
        attachmentQuotaBytes: quotaBytes,
        expirySeconds: 0.1,
      });
      database = new Database(deployment.databaseUrl, { connectionsMax: 1, log: silentLog });
      [alice, bob, mallory] = (await Promise.all(
        ["alice", "bob", "mallory"].map((name) => person(deployment.target, name)),
      )) as [Person, Person, Person];
      group = await groupOf(alice, bob);
    });
    after(async () => {
      await database.close();
      await deployment.stop();
    });

    const url = (path: string, server = 0) =>
      `http://127.0.0.1:${deployment.cluster.serverPorts[server]}/v1/attachments/${path}`;

    async function ask(
      as: Person | undefined,
      method: string,
      path: string,
      of: { body?: Uint8Array; range?: string; ifRange?: string; server?: number; authorization?: string } = {},
    ) {
      const token = as && `Bearer ${Buffer.from(as.token).toString("base64url")}`;
      const authorization = of.authorization ?? token;
      const response = await fetch(url(path, of.server), {
        method,
        headers: {
          ...(authorization === undefined ? {} : { authorization }),
          ...(of.range === undefined ? {} : { range: of.range }),
          ...(of.ifRange === undefined ? {} : { "if-range": of.ifRange }),
        },
        ...(of.body ? { body: Buffer.from(of.body) } : {}),
      });
      const bytes = Buffer.from(await response.arrayBuffer());
      return {
        status: response.status,
        headers: response.headers,
        bytes,
        code: bytes.toString("latin1").split(":")[0],
      };
    }

    const newId = () => randomBytes(16).toString("hex");
    const begin = (as: Person, id: string, size: number, of: GroupId = group) =>
      ask(as, "PUT", `${id}?group=${of}&size=${size}`);
    const progressOf = (answer: { bytes: Buffer }) =>
      JSON.parse(answer.bytes.toString()) as { complete: boolean; missing: number[][] };

    /** Sealed bytes of a file of this size, uploaded whole. */
    async function uploaded(size: number, by = alice, of = group): Promise<{ id: string; stored: Buffer }> {
      const id = newId();
      assert.equal((await begin(by, id, size, of)).status, 200);
      const chunks = Array.from({ length: chunkCount(size) }, (_, index) => randomBytes(storedChunkBytes(size, index)));
      for (const [index, body] of chunks.entries()) {
        assert.equal((await ask(by, "PUT", `${id}/${index}`, { body })).status, 204);
      }
      assert.equal(progressOf(await begin(by, id, size, of)).complete, true);
      return { id, stored: Buffer.concat(chunks) };
    }

    test("what one member brings, another fetches from another server, byte for byte", async () => {
      for (const size of [0, 1, 65_535, 65_536, 65_537, 200_000]) {
        const { id, stored } = await uploaded(size);
        assert.equal(stored.length, storedBytes(size));
        const fetched = await ask(bob, "GET", id, { server: 1 });
        assert.equal(fetched.status, 200);
        assert.equal(fetched.headers.get("accept-ranges"), "bytes");
        assert.ok(fetched.bytes.equals(stored), `${size} bytes`);
      }
    });

    test("any range is served, across chunks too", async () => {
      const { id, stored } = await uploaded(200_000);
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
        const part = await ask(bob, "GET", id, { range });
        assert.equal(part.status, 206, range);
        assert.equal(part.headers.get("content-range"), `bytes ${from}-${to}/${length}`);
        assert.ok(part.bytes.equals(stored.subarray(from, to + 1)), range);
      }
      const beyond = await ask(bob, "GET", id, { range: `bytes=${length}-` });
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
        assert.equal((await ask(bob, "GET", id, { range })).status, 200, range);
      // A part that is asked for on a condition that nothing here can meet.
      assert.equal((await ask(bob, "GET", id, { range: "bytes=0-0", ifRange: '"a version"' })).status, 200);
    });

    test("HEAD tells of a file what GET does, and only GET has ranges", async () => {
      const grace = await person(deployment.target, "grace");
      const { id, stored } = await uploaded(100_000, grace, await groupOf(grace));
      for (const range of [undefined, "bytes=0-9", `bytes=${stored.length}-`]) {
        const head = await ask(grace, "HEAD", id, range === undefined ? {} : { range });
        assert.deepEqual([head.status, head.bytes.length], [200, 0], range);
        assert.equal(head.headers.get("content-length"), String(stored.length));
        assert.equal(head.headers.get("accept-ranges"), "bytes");
      }
      assert.equal((await ask(grace, "HEAD", newId())).status, 404);
      assert.equal((await ask(undefined, "HEAD", id)).status, 401);
    });

    test("a token is taken under its scheme in any case, and what is missing or wrong is told as RFC 6750 has it", async () => {
      const { id } = await uploaded(10);
      const token = Buffer.from(bob.token).toString("base64url");
      for (const authorization of [`Bearer ${token}`, `bearer ${token}`, `BEARER   ${token}`])
        assert.equal((await ask(undefined, "GET", id, { authorization })).status, 200, authorization.slice(0, 10));
      for (const [authorization, challenge] of [
        [undefined, 'Bearer realm="fastchat"'],
        ["Basic YWxpY2U6c2VjcmV0", 'Bearer realm="fastchat"'],
        [`Bearer${token}`, 'Bearer realm="fastchat"'],
        ["Bearer nonsense", 'Bearer realm="fastchat", error="invalid_token"'],
      ] as const) {
        const refused = await ask(undefined, "GET", id, authorization === undefined ? {} : { authorization });
        assert.deepEqual([refused.status, refused.code], [401, "unauthorized"], authorization);
        assert.equal(refused.headers.get("www-authenticate"), challenge);
      }
    });

    test("numbers are decimal digits, in parameters and in paths", async () => {
      const wrong = [
        "1e3",
        "0x10",
        "+5",
        "%205",
        "5%20",
        "05",
        "5.0",
        "-1",
        "",
        "1_000",
        "9".repeat(20),
        "9007199254740992",
      ];
      for (const size of wrong) {
        const refused = await ask(alice, "PUT", `${newId()}?group=${group}&size=${size}`);
        assert.deepEqual([refused.status, refused.code], [400, "bad_request"], `size=${size}`);
      }
      for (const of of [...wrong, "0"]) {
        const refused = await ask(alice, "PUT", `${newId()}?group=${of}&size=5`);
        assert.deepEqual([refused.status, refused.code], [400, "bad_request"], `group=${of}`);
      }
      for (const query of [`group=${group}`, `group=${group}&size=5&size=5`, `group=${group}&group=${group}&size=5`])
        assert.equal((await ask(alice, "PUT", `${newId()}?${query}`)).code, "bad_request", query);
      const heidi = await person(deployment.target, "heidi");
      const { id } = await uploaded(200_000, heidi, await groupOf(heidi));
      for (const index of ["1e0", "0x1", "+1", "%201", "01", "1.0", "-1", "", "one", "9".repeat(20)])
        assert.equal((await ask(heidi, "PUT", `${id}/${index}`, { body: Buffer.alloc(1) })).status, 404, index);
      for (const index of ["4", "999999999", "9007199254740991"])
        assert.equal(
          (await ask(heidi, "PUT", `${id}/${index}`, { body: Buffer.alloc(1) })).code,
          "chunk_invalid",
          index,
        );
    });

    test("a file and a chunk say which methods they have", async () => {
      for (const [path, allow] of [
        [newId(), "PUT, GET, HEAD, DELETE, OPTIONS"],
        [`${newId()}/0`, "PUT, OPTIONS"],
      ] as const) {
        for (const [method, status] of [
          ["OPTIONS", 204],
          ["POST", 405],
        ] as const) {
          const answer = await ask(undefined, method, path);
          assert.deepEqual([answer.status, answer.headers.get("allow")], [status, allow], `${method} ${path}`);
        }
      }
    });

    test("an upload that broke off goes on where it stopped", async () => {
      const id = newId();
      const size = 200_000;
      assert.deepEqual(progressOf(await begin(alice, id, size)), { complete: false, missing: [[0, 3]] });
      for (const index of [0, 2])
        await ask(alice, "PUT", `${id}/${index}`, { body: Buffer.alloc(storedChunkBytes(size, index)) });
      assert.deepEqual(progressOf(await begin(alice, id, size)).missing, [
        [1, 1],
        [3, 3],
      ]);
      assert.equal((await ask(bob, "GET", id)).code, "attachment_incomplete");
      // A chunk that is sent again changes nothing.
      assert.equal(
        (await ask(alice, "PUT", `${id}/0`, { body: Buffer.alloc(storedChunkBytes(size, 0), 1) })).status,
        204,
      );
      for (const index of [1, 3])
        await ask(alice, "PUT", `${id}/${index}`, { body: Buffer.alloc(storedChunkBytes(size, index)) });
      assert.deepEqual(progressOf(await begin(alice, id, size)), { complete: true, missing: [] });
      assert.equal((await ask(bob, "GET", id, { range: "bytes=0-0" })).bytes[0], 0);
    });

    test("who may not, is told why and changes nothing", async () => {
      const { id } = await uploaded(10);
      const other = await groupOf(mallory);
      for (const [what, answer, status, code] of [
        ["nobody fetches", await ask(undefined, "GET", id), 401, "unauthorized"],
        ["a stranger fetches", await ask(mallory, "GET", id), 404, "attachment_unknown"],
        ["what is not there", await ask(bob, "GET", newId()), 404, "attachment_unknown"],
        ["a stranger brings", await begin(mallory, newId(), 10), 403, "not_a_member"],
        ["another's id in a group of one's own", await begin(mallory, id, 10, other), 409, "attachment_exists"],
        ["one's own id with another size", await begin(alice, id, 11), 409, "attachment_exists"],
        [
          "another member's chunk",
          await ask(bob, "PUT", `${id}/0`, { body: Buffer.alloc(26) }),
          404,
          "attachment_unknown",
        ],
        [
          "a chunk that there is not",
          await ask(alice, "PUT", `${id}/1`, { body: Buffer.alloc(26) }),
          400,
          "chunk_invalid",
        ],
        [
          "a chunk that is too short",
          await ask(alice, "PUT", `${id}/0`, { body: Buffer.alloc(25) }),
          400,
          "chunk_invalid",
        ],
        [
          "a chunk that is much too long",
          await ask(alice, "PUT", `${id}/0`, { body: Buffer.alloc(500_000) }),
          400,
          "chunk_invalid",
        ],
        ["a file that is too large", await begin(alice, newId(), bytesMax + 1), 413, "attachment_too_large"],
        ["a size that is none", await ask(alice, "PUT", `${newId()}?group=${group}&size=many`), 400, "bad_request"],
        ["no group", await ask(alice, "PUT", `${newId()}?size=5`), 400, "bad_request"],
        ["another method", await ask(alice, "POST", id, { body: Buffer.alloc(1) }), 405, "method_not_allowed"],
        ["another member removes", await ask(bob, "DELETE", id), 404, "attachment_unknown"],
      ] as const) {
        assert.deepEqual([answer.status, answer.code], [status, code], what);
      }
      assert.equal((await ask(bob, "GET", id)).status, 200);
      assert.equal((await ask(alice, "GET", "not-an-id")).status, 404);
    });

    test("a removed member fetches nothing any more", async () => {
      const carol = await person(deployment.target, "carol");
      const shared = await groupOf(alice, carol);
      const id = newId();
      await begin(alice, id, 1, shared);
      await ask(alice, "PUT", `${id}/0`, { body: Buffer.alloc(17) });
      await begin(alice, id, 1, shared);
      assert.equal((await ask(carol, "GET", id, { server: 1 })).status, 200);
      const changed = await alice.client.changeGroup(shared, { action: "remove", names: ["carol"] });
      assert.ok(changed.ok);
      await until(async () => (await ask(carol, "GET", id, { server: 1 })).status === 404, "carol is refused");
    });

    test("a user's files together stay within the quota, also when many begin at once", async () => {
      const begun = await Promise.all(Array.from({ length: 8 }, () => begin(bob, newId(), 300_000)));
      const granted = begun.filter(({ status }) => status === 200).length;
      assert.equal(granted, 3);
      assert.ok(begun.every(({ status, code }) => status === 200 || (status === 507 && code === "quota_exceeded")));
    });

    test("who removes a file has its room again", async () => {
      const dave = await person(deployment.target, "dave");
      const own = await groupOf(dave);
      const ids = [newId(), newId(), newId()];
      for (const id of ids) assert.equal((await begin(dave, id, 300_000, own)).status, 200);
      assert.equal((await begin(dave, newId(), 300_000, own)).status, 507);
      assert.equal((await ask(dave, "DELETE", ids[0] as string)).status, 204);
      assert.equal((await ask(dave, "GET", ids[0] as string)).status, 404);
      assert.equal((await begin(dave, newId(), 300_000, own)).status, 200);
    });

    test("files go with the messages of a group that lets them expire, and so do uploads that were given up", async () => {
      const id = newId();
      await begin(alice, id, 1);
      await database.query({
        text: "UPDATE attachments SET created_at = now() - interval '2 days' WHERE completed_at IS NULL",
      });
      await until(
        async () => (await ask(alice, "PUT", `${id}/0`, { body: Buffer.alloc(17) })).code === "attachment_unknown",
        "it is gone",
      );
      const expiring = await alice.client.createGroup({ title: "soon gone", members: ["bob"], expireSeconds: 3600 });
      assert.ok(expiring.ok);
      const of = expiring.value.group;
      const file = newId();
      await begin(alice, file, 1, of);
      await ask(alice, "PUT", `${file}/0`, { body: Buffer.alloc(17) });
      assert.equal(progressOf(await begin(alice, file, 1, of)).complete, true);
      await database.query({
        text: "UPDATE attachments SET created_at = now() - interval '2 hours' WHERE id = $1",
        values: [Buffer.from(file, "hex")],
      });
      await until(async () => (await ask(alice, "GET", file)).status === 404, "it has expired");
      const left = await database.query({
        text: "SELECT 1 FROM attachment_chunks WHERE attachment_id = $1",
        values: [Buffer.from(file, "hex")],
      });
      assert.equal(left.length, 0);
    });

    test("a file of which the database has lost a part is broken off, or said to be so, and nothing else is", async () => {
      const frank = await person(deployment.target, "frank");
      const own = await groupOf(frank);
      for (const lost of [0, 4]) {
        const { id } = await uploaded(300_000, frank, own);
        await database.query({
          text: "DELETE FROM attachment_chunks WHERE attachment_id = $1 AND index >= $2",
          values: [Buffer.from(id, "hex"), lost],
        });
        if (lost === 0) assert.equal((await ask(frank, "GET", id)).code, "internal");
        else await assert.rejects(ask(frank, "GET", id));
      }
      assert.equal((await uploaded(1000, frank, own)).stored.length, 1016);
    });

    test("a download that nobody reads on holds up nobody, and ends when its reader goes", async () => {
      const erin = await person(deployment.target, "erin");
      const { id, stored } = await uploaded(bytesMax, erin, await groupOf(erin, alice));
      const port = deployment.cluster.serverPorts[0] as number;
      const socket = connect({ host: "127.0.0.1", port });
      const token = Buffer.from(alice.token).toString("base64url");
      socket.write(`GET /v1/attachments/${id} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\n\r\n`);
      await new Promise((resolve) => socket.once("data", resolve));
      socket.pause();
      assert.ok((await ask(erin, "GET", id)).bytes.equals(stored));
      socket.destroy();
      assert.ok((await ask(erin, "GET", id)).bytes.equals(stored));
    });
  });
}
