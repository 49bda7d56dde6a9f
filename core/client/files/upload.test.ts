import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";
import { type TestContext, test } from "node:test";
import { createFileKey, openChunk } from "../../e2ee/attachment.ts";
import { seededRandom } from "../../platform/random.ts";
import { accepted, type Parsed, refused } from "../../platform/result.ts";
import { FakeClock } from "../../testing/fake-clock.ts";
import { portOf } from "../../testing/port-of.ts";
import { present } from "../../testing/present.ts";
import { attachmentIdBytes, chunkCount, chunkPlainBytes } from "../../wire/attachment.ts";
import { groupId } from "../../wire/ids.ts";
import type { DialRefusal } from "../socket/dial.ts";
import type { FileSource } from "./source.ts";
import { AttachmentServer, TransferEnd, textOf } from "./transfer.ts";
import { digestOf, upload } from "./upload.ts";

type Answer = (asked: IncomingMessage, response: ServerResponse) => unknown;

/** Where a server listens that answers as the test says, until the test ends. */
async function listening(t: TestContext, answer: Answer): Promise<string> {
  const server = createServer((asked, response) => void answer(asked, response));
  t.after(() => server.close().closeAllConnections());
  await once(server.listen(0, "127.0.0.1"), "listening");
  return `ws://127.0.0.1:${portOf(server)}/v1`;
}

/** A client's requests about attachments, to the servers that are dialled one after the other. */
function asking(dial: () => Parsed<string, DialRefusal>, token: () => Uint8Array | undefined = () => Buffer.from("t")) {
  const clock = new FakeClock();
  const parts = { dial: async () => dial(), tls: undefined, clock, random: seededRandom(1), token };
  const server = new AttachmentServer(parts);
  /** The outcome of work that may wait for the clock: its value, or the code with which it ended. */
  async function outcomeOf(work: Promise<string | undefined>): Promise<string | undefined> {
    let isOver = false;
    const outcome = work
      .catch((cause) => (cause instanceof TransferEnd ? cause.reason.code : assert.fail(cause)))
      .finally(() => {
        isOver = true;
      });
    // Time moves on only where the client waits for it: the servers answer in their own.
    for (let pauses = 0; !isOver; ) {
      if (clock.waiting > 0) assert.ok(++pauses < 1000, "it goes on asking");
      await clock.advance(clock.nextInMs ?? 0);
    }
    return outcome;
  }
  const ask = () => outcomeOf(server.ask("/v1/attachments/00", {}).then(textOf));
  return { server, clock, ask, outcomeOf };
}

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
