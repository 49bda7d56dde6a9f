import { randomBytes } from "node:crypto";
import { createFileKey, sealChunk } from "../../e2ee/attachment.ts";
import { chunkCount, chunkPlainBytes, chunkStoredBytes } from "../../wire/attachment.ts";
import { type HttpErrorCode, httpErrorCodes } from "../../wire/errors.ts";
import type { CaseContext } from "../case-context.ts";
import { casesOf } from "../conform-case.ts";
import type { ConformGroup } from "../conform-group.ts";
import { expectEqual, expectThat } from "../expectation.ts";
import type { HttpAnswer, HttpAsk } from "../http-exchange.ts";
import type { ConformUser } from "../people.ts";
import { httpBeside } from "../target.ts";

const freshId = () => randomBytes(16).toString("hex");

/** A request for attachments as this user. */
function ask(context: CaseContext, { socket, welcome }: ConformUser, path: string, of: HttpAsk = {}) {
  const authorization = `Bearer ${Buffer.from(welcome.token).toString("base64url")}`;
  const headers = { authorization, ...of.headers };
  return context.http(`v1/attachments/${path}`, { ...of, headers }, httpBeside(socket.url));
}

function isRefused(answer: HttpAnswer, code: HttpErrorCode): void {
  const text = answer.body.toString();
  const came = `${answer.status} ${text.slice(0, 80)}`;
  const { status } = httpErrorCodes[code];
  expectThat(answer.status === status && text.startsWith(`${code}: `), `${status} ${code}`, came);
}

async function granted(answer: Promise<HttpAnswer>, status: number): Promise<HttpAnswer> {
  const came = await answer;
  expectEqual("status", came.status, status);
  return came;
}

const beginPath = (id: string, { id: group }: ConformGroup, size: number) => `${id}?group=${group}&size=${size}`;

async function begin(context: CaseContext, user: ConformUser, group: ConformGroup, id: string, size: number) {
  const { body } = await granted(ask(context, user, beginPath(id, group, size), { method: "PUT" }), 200);
  const answer: unknown = JSON.parse(body.toString());
  return answer;
}

function chunksOf(size: number): Uint8Array[] {
  const key = createFileKey();
  const shape = { size, chunks: chunkCount(size) };
  return Array.from({ length: shape.chunks }, (_, i) =>
    sealChunk(key, shape, i, randomBytes(Math.min(chunkPlainBytes, size - i * chunkPlainBytes))),
  );
}

const bring = (context: CaseContext, user: ConformUser, id: string, index: number | string, body: Uint8Array) =>
  ask(context, user, `${id}/${index}`, { method: "PUT", body });

/** A group of two, and an attachment in it by the first. */
async function uploaded(context: CaseContext, size = 70_000) {
  const [alice, bob] = await context.signUpMany(2);
  const group = await context.found(alice, [bob]);
  const id = freshId();
  const chunks = chunksOf(size);
  await begin(context, alice, group, id, size);
  for (const [i, chunk] of chunks.entries()) await granted(bring(context, alice, id, i, chunk), 204);
  expectEqual("the end of the upload", await begin(context, alice, group, id, size), { complete: true, missing: [] });
  return { alice, bob, group, id, size, bytes: Buffer.concat(chunks) };
}

async function owner(context: CaseContext) {
  const alice = await context.signUp();
  return { alice, group: await context.found(alice), id: freshId() };
}

export const attachmentCases = casesOf("Attachments", {
  "an upload says which chunks are missing, takes them in any order, and ends": async (context) => {
    const { alice, group, id } = await owner(context);
    const size = 4 * chunkPlainBytes + 1;
    const chunks = chunksOf(size);
    const missing = () => begin(context, alice, group, id, size);
    expectEqual("at first", await missing(), { complete: false, missing: [[0, 4]] });
    const brings = (i: number) => granted(bring(context, alice, id, i, chunks[i] ?? Buffer.alloc(0)), 204);
    await brings(2);
    expectEqual("behind chunk 2", await missing(), {
      complete: false,
      missing: [
        [0, 1],
        [3, 4],
      ],
    });
    for (const i of [4, 0, 3, 1]) await brings(i);
    expectEqual("at the end", await missing(), { complete: true, missing: [] });
    const { body } = await granted(ask(context, alice, id), 200);
    expectEqual("the attachment", body, Buffer.concat(chunks));
  },
  "any member fetches the chunks, one behind the other": async (context) => {
    const { alice, bob, id, bytes } = await uploaded(context);
    for (const user of [alice, bob]) {
      const { body } = await granted(ask(context, user, id), 200);
      expectEqual("the attachment", body, bytes);
    }
  },
  "an empty file has one chunk": async (context) => {
    const { bob, id, bytes } = await uploaded(context, 0);
    const { body } = await granted(ask(context, bob, id), 200);
    expectEqual("the attachment", body, bytes);
  },
  "a chunk that the server has already stays as it is": async (context) => {
    const { alice, group, id } = await owner(context);
    const [first, second] = [randomBytes(26), randomBytes(26)];
    await begin(context, alice, group, id, 10);
    for (const chunk of [first, second]) await granted(bring(context, alice, id, 0, chunk), 204);
    await begin(context, alice, group, id, 10);
    const { body } = await granted(ask(context, alice, id), 200);
    expectEqual("the chunk", body, first);
  },
  "HEAD tells the length, and has no body": async (context) => {
    const { bob, id, bytes } = await uploaded(context);
    const keeping = { method: "HEAD", headers: { connection: "keep-alive" } };
    const { headers, body } = await granted(ask(context, bob, id, keeping), 200);
    expectEqual("content-length", headers["content-length"], String(bytes.length));
    expectEqual("bytes of the body", body.length, 0);
  },
  "one range is answered with its bytes": async (context) => {
    const { bob, id, bytes } = await uploaded(context);
    const all = bytes.length;
    const ranges = [
      ["bytes=65552-", 65_552, all - 1],
      ["bytes=0-9", 0, 9],
      ["bytes=-10", all - 10, all - 1],
      [`bytes=100-${all + 500}`, 100, all - 1],
    ] as const;
    for (const [range, from, to] of ranges) {
      const { headers, body } = await granted(ask(context, bob, id, { headers: { range } }), 206);
      expectEqual(`content-range of ${range}`, headers["content-range"], `bytes ${from}-${to}/${all}`);
      expectEqual(`bytes of ${range}`, body, bytes.subarray(from, to + 1));
    }
  },
  "a range behind the end is answered 416": async (context) => {
    const { bob, id, bytes } = await uploaded(context);
    const answer = await ask(context, bob, id, { headers: { range: `bytes=${bytes.length}-` } });
    isRefused(answer, "range_invalid");
    expectEqual("content-range", answer.headers["content-range"], `bytes */${bytes.length}`);
  },
  "several ranges, no range and if-range are answered with everything": async (context) => {
    const { bob, id, bytes } = await uploaded(context);
    const asked: readonly Readonly<Record<string, string>>[] = [
      { range: "bytes=0-1,5-6" },
      { range: "bytes=9-5" },
      { range: "pages=1-2" },
      { range: "bytes=0-9", "if-range": '"etag"' },
    ];
    for (const headers of asked) {
      const { body } = await granted(ask(context, bob, id, { headers }), 200);
      expectEqual("bytes", body.length, bytes.length);
    }
  },
  "without a token a request is answered 401": async (context) => {
    const { socket } = await context.signUp();
    const base = httpBeside(socket.url);
    const none = await context.http(`v1/attachments/${freshId()}`, {}, base);
    isRefused(none, "unauthorized");
    expectEqual("www-authenticate", none.headers["www-authenticate"], 'Bearer realm="fastchat"');
    const headers = { authorization: "Bearer AAAA" };
    const wrong = await context.http(`v1/attachments/${freshId()}`, { headers }, base);
    isRefused(wrong, "unauthorized");
    const challenge = wrong.headers["www-authenticate"] ?? "";
    expectThat(challenge.includes('error="invalid_token"'), 'a challenge with error="invalid_token"', challenge);
  },
  "the scheme of the token may be written in any case": async (context) => {
    const { alice, group, id } = await owner(context);
    const authorization = `bEARER ${Buffer.from(alice.welcome.token).toString("base64url")}`;
    const path = beginPath(id, group, 5);
    await granted(ask(context, alice, path, { method: "PUT", headers: { authorization } }), 200);
  },
  "after logOut the token is no good": async (context) => {
    const { alice, group, id } = await owner(context);
    await alice.socket.granted({ kind: "logOut" });
    isRefused(await ask(context, alice, beginPath(id, group, 5), { method: "PUT" }), "unauthorized");
  },
  "a parameter in another form, missing or given twice is bad_request": async (context) => {
    const { alice, group, id } = await owner(context);
    for (const query of [
      "",
      `group=${group.id}`,
      "size=5",
      `group=${group.id}&size=05`,
      `group=${group.id}&size=%2B5`,
      `group=${group.id}&size=5.0`,
      `group=${group.id}&size=5e1`,
      `group=${group.id}&size=-5`,
      `group=${group.id}&size=`,
      `group=${group.id}&size=5&size=5`,
      `group=0${group.id}&size=5`,
    ]) {
      isRefused(await ask(context, alice, `${id}?${query}`, { method: "PUT" }), "bad_request");
    }
    await granted(ask(context, alice, `${id}?more=1&size=5&group=${group.id}`, { method: "PUT" }), 200);
  },
  "an upload for a group of others is answered 403": async (context) => {
    const [alice, bob] = await context.signUpMany(2);
    const group = await context.found(alice);
    isRefused(await ask(context, bob, beginPath(freshId(), group, 5), { method: "PUT" }), "not_a_member");
  },
  "an id that was begun with another size, for another group or by somebody else is answered 409": async (context) => {
    const { alice, bob, group, id, size } = await uploaded(context);
    const other = await context.found(alice);
    isRefused(await ask(context, alice, beginPath(id, group, size + 1), { method: "PUT" }), "attachment_exists");
    isRefused(await ask(context, alice, beginPath(id, other, size), { method: "PUT" }), "attachment_exists");
    isRefused(await ask(context, bob, beginPath(id, group, size), { method: "PUT" }), "attachment_exists");
  },
  "an attachment that is not complete is answered 409": async (context) => {
    const { alice, group, id } = await owner(context);
    await begin(context, alice, group, id, 5);
    isRefused(await ask(context, alice, id), "attachment_incomplete");
    await granted(bring(context, alice, id, 0, randomBytes(21)), 204);
    isRefused(await ask(context, alice, id), "attachment_incomplete");
  },
  "a chunk of another length is answered 400": async (context) => {
    const { alice, group, id } = await owner(context);
    await begin(context, alice, group, id, chunkPlainBytes + 5);
    for (const [index, bytes] of [
      [0, chunkStoredBytes - 1],
      [0, chunkStoredBytes + 1],
      [1, 20],
      [1, 22],
    ] as const) {
      isRefused(await bring(context, alice, id, index, randomBytes(bytes)), "chunk_invalid");
    }
  },
  "a file that is too large is answered 413": async (context) => {
    const { alice, group } = await owner(context);
    const answer = await ask(context, alice, beginPath(freshId(), group, 2 ** 50), { method: "PUT" });
    isRefused(answer, "attachment_too_large");
  },
  "who may not fetch an attachment is told that there is none": async (context) => {
    const { alice, id } = await uploaded(context);
    const carol = await context.signUp({}, alice.socket.url);
    isRefused(await ask(context, carol, id), "attachment_unknown");
    isRefused(await ask(context, carol, id, { method: "DELETE" }), "attachment_unknown");
    isRefused(await bring(context, carol, id, 0, randomBytes(chunkStoredBytes)), "attachment_unknown");
    isRefused(await ask(context, alice, freshId()), "attachment_unknown");
  },
  "only who began an upload brings its chunks and deletes it": async (context) => {
    const { alice, bob, id } = await uploaded(context);
    isRefused(await bring(context, bob, id, 0, randomBytes(chunkStoredBytes)), "attachment_unknown");
    isRefused(await ask(context, bob, id, { method: "DELETE" }), "attachment_unknown");
    await granted(ask(context, alice, id, { method: "DELETE" }), 204);
    isRefused(await ask(context, bob, id), "attachment_unknown");
  },
  "who was removed cannot fetch": async (context) => {
    const { alice, bob, group, id } = await uploaded(context);
    await group.change(alice, "remove", { people: [bob] });
    isRefused(await ask(context, bob, id), "attachment_unknown");
  },
  "an id or an index in another form is answered 404": async (context) => {
    const { alice, group, id } = await owner(context);
    await begin(context, alice, group, id, 5);
    for (const index of ["00", "+0", "0x0", "-1", "0.0"]) {
      const { status } = await bring(context, alice, id, index, randomBytes(21));
      expectEqual(`status for the index ${index}`, status, 404);
    }
    for (const wrong of [freshId().slice(1), `${freshId()}0`, "A".repeat(32)]) {
      const { status } = await ask(context, alice, beginPath(wrong, group, 5), { method: "PUT" });
      expectEqual(`status for the id ${wrong}`, status, 404);
    }
  },
  "another method is answered 405": async (context) => {
    const { alice } = await owner(context);
    isRefused(await ask(context, alice, freshId(), { method: "POST", body: Buffer.from("x") }), "method_not_allowed");
  },
  "an upload is given up by DELETE, and its id is free": async (context) => {
    const { alice, group, id } = await owner(context);
    await begin(context, alice, group, id, 5);
    await granted(ask(context, alice, id, { method: "DELETE" }), 204);
    expectEqual("the same id again", await begin(context, alice, group, id, 6), { complete: false, missing: [[0, 0]] });
  },
});
