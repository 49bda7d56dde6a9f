import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { groupOf } from "../../testing/person.ts";
import { transportsHere } from "../../testing/transports-here.ts";
import { until } from "../../testing/until.ts";
import { AttachmentRig, bytesMax, newId } from "./testing/attachment-rig.ts";

for (const transport of transportsHere) {
  suite(`refused requests for attachments over ${transport}`, () => {
    let rig: AttachmentRig;
    before(async () => {
      rig = await AttachmentRig.open(transport);
    });
    after(() => rig.close());

    test("a token is accepted under its scheme in any case, and a missing or wrong one is refused in the form of RFC 6750", async () => {
      const { id } = await rig.uploaded(10);
      const token = Buffer.from(rig.bob.token).toString("base64url");
      for (const authorization of [`Bearer ${token}`, `bearer ${token}`, `BEARER   ${token}`])
        assert.equal((await rig.ask(undefined, "GET", id, { authorization })).status, 200, authorization.slice(0, 10));
      for (const [authorization, challenge] of [
        [undefined, 'Bearer realm="fastchat"'],
        ["Basic YWxpY2U6c2VjcmV0", 'Bearer realm="fastchat"'],
        [`Bearer${token}`, 'Bearer realm="fastchat"'],
        ["Bearer nonsense", 'Bearer realm="fastchat", error="invalid_token"'],
      ] as const) {
        const refused = await rig.ask(undefined, "GET", id, authorization === undefined ? {} : { authorization });
        assert.deepEqual([refused.status, refused.code], [401, "unauthorized"], authorization);
        assert.equal(refused.headers.get("www-authenticate"), challenge);
      }
    });

    test("numbers in parameters and paths have decimal digits alone", async () => {
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
        const refused = await rig.ask(rig.alice, "PUT", `${newId()}?group=${rig.group}&size=${size}`);
        assert.deepEqual([refused.status, refused.code], [400, "bad_request"], `size=${size}`);
      }
      for (const of of [...wrong, "0"]) {
        const refused = await rig.ask(rig.alice, "PUT", `${newId()}?group=${of}&size=5`);
        assert.deepEqual([refused.status, refused.code], [400, "bad_request"], `group=${of}`);
      }
      for (const query of [
        `group=${rig.group}`,
        `group=${rig.group}&size=5&size=5`,
        `group=${rig.group}&group=${rig.group}&size=5`,
      ])
        assert.equal((await rig.ask(rig.alice, "PUT", `${newId()}?${query}`)).code, "bad_request", query);
      const heidi = await rig.person("heidi");
      const { id } = await rig.uploaded(200_000, heidi, await groupOf(heidi));
      for (const index of ["1e0", "0x1", "+1", "%201", "01", "1.0", "-1", "", "one", "9".repeat(20)])
        assert.equal((await rig.ask(heidi, "PUT", `${id}/${index}`, { body: Buffer.alloc(1) })).status, 404, index);
      for (const index of ["4", "999999999", "9007199254740991"])
        assert.equal(
          (await rig.ask(heidi, "PUT", `${id}/${index}`, { body: Buffer.alloc(1) })).code,
          "chunk_invalid",
          index,
        );
    });

    test("files and chunks answer OPTIONS and wrong methods with the methods that they have", async () => {
      for (const [path, allow] of [
        [newId(), "PUT, GET, HEAD, DELETE, OPTIONS"],
        [`${newId()}/0`, "PUT, OPTIONS"],
      ] as const) {
        for (const [method, status] of [
          ["OPTIONS", 204],
          ["POST", 405],
        ] as const) {
          const answer = await rig.ask(undefined, method, path);
          assert.deepEqual([answer.status, answer.headers.get("allow")], [status, allow], `${method} ${path}`);
        }
      }
    });

    test("a request that is not allowed is refused with its code, and changes nothing", async () => {
      const { id } = await rig.uploaded(10);
      const other = await groupOf(rig.mallory);
      for (const [what, answer, status, code] of [
        ["a fetch without a token", await rig.ask(undefined, "GET", id), 401, "unauthorized"],
        ["a fetch by somebody who is no member", await rig.ask(rig.mallory, "GET", id), 404, "attachment_unknown"],
        ["a fetch of a file that does not exist", await rig.ask(rig.bob, "GET", newId()), 404, "attachment_unknown"],
        ["an upload by somebody who is no member", await rig.begin(rig.mallory, newId(), 10), 403, "not_a_member"],
        ["another's id in one's own group", await rig.begin(rig.mallory, id, 10, other), 409, "attachment_exists"],
        ["one's own id with another size", await rig.begin(rig.alice, id, 11), 409, "attachment_exists"],
        [
          "another member's chunk",
          await rig.ask(rig.bob, "PUT", `${id}/0`, { body: Buffer.alloc(26) }),
          404,
          "attachment_unknown",
        ],
        [
          "a chunk beyond the end",
          await rig.ask(rig.alice, "PUT", `${id}/1`, { body: Buffer.alloc(26) }),
          400,
          "chunk_invalid",
        ],
        [
          "a chunk that is too short",
          await rig.ask(rig.alice, "PUT", `${id}/0`, { body: Buffer.alloc(25) }),
          400,
          "chunk_invalid",
        ],
        [
          "a chunk that is much too long",
          await rig.ask(rig.alice, "PUT", `${id}/0`, { body: Buffer.alloc(500_000) }),
          400,
          "chunk_invalid",
        ],
        ["a file that is too large", await rig.begin(rig.alice, newId(), bytesMax + 1), 413, "attachment_too_large"],
        [
          "a size that is no number",
          await rig.ask(rig.alice, "PUT", `${newId()}?group=${rig.group}&size=many`),
          400,
          "bad_request",
        ],
        ["no group", await rig.ask(rig.alice, "PUT", `${newId()}?size=5`), 400, "bad_request"],
        ["another method", await rig.ask(rig.alice, "POST", id, { body: Buffer.alloc(1) }), 405, "method_not_allowed"],
        ["a removal by another member", await rig.ask(rig.bob, "DELETE", id), 404, "attachment_unknown"],
      ] as const) {
        assert.deepEqual([answer.status, answer.code], [status, code], what);
      }
      assert.equal((await rig.ask(rig.bob, "GET", id)).status, 200);
      assert.equal((await rig.ask(rig.alice, "GET", "not-an-id")).status, 404);
    });

    test("a removed member cannot fetch files any more", async () => {
      const carol = await rig.person("carol");
      const shared = await groupOf(rig.alice, carol);
      const id = newId();
      await rig.begin(rig.alice, id, 1, shared);
      await rig.ask(rig.alice, "PUT", `${id}/0`, { body: Buffer.alloc(17) });
      await rig.begin(rig.alice, id, 1, shared);
      assert.equal((await rig.ask(carol, "GET", id, { server: 1 })).status, 200);
      const changed = await rig.alice.client.changeGroup(shared, { action: "remove", names: ["carol"] });
      assert.ok(changed.ok);
      await until(async () => (await rig.ask(carol, "GET", id, { server: 1 })).status === 404, "carol is refused");
    });

    test("a user's files together stay within the quota, also when many begin at once", async () => {
      const begun = await Promise.all(Array.from({ length: 8 }, () => rig.begin(rig.bob, newId(), 300_000)));
      const granted = begun.filter(({ status }) => status === 200).length;
      assert.equal(granted, 3);
      assert.ok(begun.every(({ status, code }) => status === 200 || (status === 507 && code === "quota_exceeded")));
    });

    test("a file that is removed no longer counts against the quota", async () => {
      const dave = await rig.person("dave");
      const own = await groupOf(dave);
      const first = newId();
      for (const id of [first, newId(), newId()]) assert.equal((await rig.begin(dave, id, 300_000, own)).status, 200);
      assert.equal((await rig.begin(dave, newId(), 300_000, own)).status, 507);
      assert.equal((await rig.ask(dave, "DELETE", first)).status, 204);
      assert.equal((await rig.ask(dave, "GET", first)).status, 404);
      assert.equal((await rig.begin(dave, newId(), 300_000, own)).status, 200);
    });
  });
}
