import assert from "node:assert/strict";
import { buffer } from "node:stream/consumers";
import { type TestContext, test } from "node:test";
import { createFileKey, openChunk } from "../../e2ee/attachment.ts";
import { accepted, refused } from "../../platform/result.ts";
import { present } from "../../testing/present.ts";
import { attachmentIdBytes, chunkCount, chunkPlainBytes } from "../../wire/attachment.ts";
import { groupId } from "../../wire/ids.ts";
import type { DialRefusal } from "../socket/dial.ts";
import type { FileSource } from "./source.ts";
import { asking, listening } from "./testing/asking.ts";
import { digestOf, upload } from "./upload.ts";

const offline = refused<DialRefusal>({ code: "offline", detail: "nobody is there" });

test("a server that does not answer, or is busy, is left for another one", async (t) => {
  const answers = await listening(t, (_, response) => response.end("here"));
  const isBusy = await listening(t, (_, response) => response.writeHead(503).end("busy: later"));
  for (const first of ["ws://127.0.0.1:1/v1", isBusy]) {
    const urls = [first, answers];
    const { ask } = asking(() => accepted(present(urls.shift())));
    assert.deepEqual([await ask(), urls.length], ["here", 0]);
    assert.equal(await ask(), "here", "the one that has answered is asked again, without another dial");
  }
});

test("what no server answers ends after half a minute, and what one refuses for good at once", async (t) => {
  const silent = asking(() => offline);
  const from = silent.clock.monotonic();
  assert.equal(await silent.ask(), "offline");
  const tookMs = silent.clock.monotonic() - from;
  assert.ok(tookMs > 30_000 && tookMs < 40_000, `${tookMs} ms`);
  let asked = 0;
  const url = await listening(t, (_, response) => response.writeHead(404).end(`attachment_unknown: ${++asked}`));
  assert.equal(await asking(() => accepted(url)).ask(), "attachment_unknown");
  assert.equal(asked, 1);
});

test("each request has the token of that moment, and without one none goes out", async (t) => {
  const tokens: (Uint8Array | undefined)[] = [Buffer.from("one"), Buffer.from("two"), undefined];
  const url = await listening(t, ({ headers }, response) => response.end(headers.authorization));
  const { ask } = asking(
    () => accepted(url),
    () => tokens.shift(),
  );
  const bearer = (token: string) => `Bearer ${Buffer.from(token).toString("base64url")}`;
  assert.deepEqual([await ask(), await ask(), await ask()], [bearer("one"), bearer("two"), "unauthorized"]);
});

/** A file of three chunks in memory. */
function fileOf(bytes: Buffer): FileSource {
  const read = async (offset: number, length: number) => bytes.subarray(offset, offset + length);
  return { name: "cat.bin", mediaType: "application/octet-stream", size: bytes.length, read, close: async () => {} };
}

/** A server that takes the chunks of one file, but those that it loses; `taken` are their sealed bytes. */
async function storing(t: TestContext, chunks: number, loses: readonly number[] = []) {
  const taken = new Map<number, Buffer>();
  const url = await listening(t, async (asked, response) => {
    const index = /\/(\d+)$/.exec(asked.url ?? "")?.[1];
    const body = await buffer(asked);
    if (index !== undefined) {
      if (!loses.includes(Number(index))) taken.set(Number(index), body);
      return response.end();
    }
    const missing = Array.from({ length: chunks }, (_, at) => at).filter((at) => !taken.has(at));
    return response.end(JSON.stringify({ complete: missing.length === 0, missing: missing.map((at) => [at, at]) }));
  });
  return { url, taken };
}

test("of a file that changes while it is sent no chunk goes out that is not the one that was hashed", async (t) => {
  const bytes = Buffer.alloc(2 * chunkPlainBytes + 5, 1);
  const source = fileOf(bytes);
  const shape = { size: source.size, chunks: chunkCount(source.size) };
  const digest = await digestOf(source);
  const before = Buffer.from(bytes);
  bytes.fill(2, chunkPlainBytes);
  const { url, taken } = await storing(t, shape.chunks);
  const { server, outcomeOf } = asking(() => accepted(url));
  const target = { group: groupId(7), attachment: Buffer.alloc(attachmentIdBytes), key: createFileKey() };
  const sending = upload(server, source, digest, target, {}).then(() => "sent");
  assert.equal(await outcomeOf(sending), "file_changed");
  for (const [index, sealed] of taken) {
    const opened = openChunk(target.key, shape, index, sealed);
    const from = index * chunkPlainBytes;
    assert.ok(opened.ok && before.subarray(from, from + chunkPlainBytes).equals(opened.value), `chunk ${index}`);
  }
});

test("a file is sent when the server says that it has all of it, and not before", async (t) => {
  const source = fileOf(Buffer.alloc(2 * chunkPlainBytes + 5, 1));
  const digest = await digestOf(source);
  const target = { group: groupId(7), attachment: Buffer.alloc(attachmentIdBytes), key: createFileKey() };
  for (const [loses, outcome] of [
    [[], "sent"],
    [[1], "attachment_incomplete"],
  ] as const) {
    const { url } = await storing(t, 3, loses);
    const { server, outcomeOf } = asking(() => accepted(url));
    assert.equal(await outcomeOf(upload(server, source, digest, target, {}).then(() => "sent")), outcome);
  }
});

test("a server that contradicts itself about what it has of a file is sent nothing", async (t) => {
  const source = fileOf(Buffer.alloc(5, 1));
  const digest = await digestOf(source);
  const target = { group: groupId(7), attachment: Buffer.alloc(attachmentIdBytes), key: createFileKey() };
  for (const answer of [
    { complete: true, missing: [[0, 0]] },
    { complete: false, missing: [] },
    { complete: true },
    "?",
  ]) {
    let chunks = 0;
    const url = await listening(t, (asked, response) => {
      if (asked.url?.endsWith("/0")) chunks++;
      asked.resume();
      response.end(JSON.stringify(answer));
    });
    const { server, outcomeOf } = asking(() => accepted(url));
    assert.equal(await outcomeOf(upload(server, source, digest, target, {}).then(() => "sent")), "internal");
    assert.equal(chunks, 0);
  }
});
