import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, type TestContext, test } from "node:test";
import { createFileKey, sealChunk } from "../../e2ee/attachment.ts";
import { accepted } from "../../platform/result.ts";
import { attachmentIdBytes, chunkCount, chunkPlainBytes, chunkStoredBytes } from "../../wire/attachment.ts";
import { download, downloadBytes, inMemoryBytesMax } from "./download.ts";
import { asking, listening } from "./testing/asking.ts";

const scratch = mkdtempSync(path.join(tmpdir(), "download-test-"));
after(() => rmSync(scratch, { recursive: true, force: true }));

const plain = Buffer.alloc(2 * chunkPlainBytes + 5, 7);
const key = createFileKey();
const content = {
  kind: "file",
  attachment: Buffer.alloc(attachmentIdBytes),
  key,
  name: "cat.bin",
  mediaType: "application/octet-stream",
  size: plain.length,
  hash: createHash("sha256").update(plain).digest(),
  text: "",
} as const;
const shape = { size: plain.length, chunks: chunkCount(plain.length) };
const sealed = Buffer.concat(
  Array.from({ length: shape.chunks }, (_, i) =>
    sealChunk(key, shape, i, plain.subarray(i * chunkPlainBytes, (i + 1) * chunkPlainBytes)),
  ),
);

/** How a download and a reading into memory end with a server that answers so, and what is saved. */
async function outcomes(t: TestContext, answer: (range: string | undefined, response: ServerResponse) => unknown) {
  const url = await listening(t, ({ headers }, response) => answer(headers.range, response));
  const directory = mkdtempSync(path.join(scratch, "saved-"));
  const ask = () => asking(() => accepted(url));
  const [saving, reading] = [ask(), ask()];
  const saved = await saving.outcomeOf(
    download(saving.server, content, path.join(directory, "cat.bin"), {}).then(() => "saved"),
  );
  const read = await reading.outcomeOf(downloadBytes(reading.server, content, {}).then(() => "read"));
  return { saved, read, files: readdirSync(directory).filter((name) => !name.startsWith(".")) };
}

test("a file is saved and read as it was sent, also when its answers break off", async (t) => {
  const whole = { saved: "saved", read: "read", files: ["cat.bin"] };
  assert.deepEqual(await outcomes(t, (_, response) => response.end(sealed)), whole);
  const inPieces = (range: string | undefined, response: ServerResponse) => {
    const from = Number(/^bytes=(\d+)-$/.exec(range ?? "bytes=0-")?.[1]);
    const rest = sealed.subarray(from);
    response.writeHead(from === 0 ? 200 : 206, { "content-length": rest.length });
    if (rest.length <= chunkStoredBytes) return response.end(rest);
    return response.write(rest.subarray(0, chunkStoredBytes + 9), () => response.destroy());
  };
  assert.deepEqual(await outcomes(t, inPieces), whole);
});

test("a file that ends before its last chunk is neither saved nor read", async (t) => {
  for (const bytes of [0, chunkStoredBytes, sealed.length - 1]) {
    const { saved, read, files } = await outcomes(t, (_, response) => response.end(sealed.subarray(0, bytes)));
    assert.deepEqual([saved, read, files], ["attachment_tampered", "attachment_tampered", []], `${bytes} bytes`);
  }
});

test("a server that begins anew where it was asked to go on is not taken for one that goes on", async (t) => {
  const beginsAnew = (_: string | undefined, response: ServerResponse) => {
    response.writeHead(200, { "content-length": sealed.length });
    response.write(sealed.subarray(0, chunkStoredBytes + 9), () => response.destroy());
  };
  assert.deepEqual(await outcomes(t, beginsAnew), { saved: "internal", read: "internal", files: [] });
});

test("a file that is too large for memory is not asked for", async () => {
  const { server, outcomeOf } = asking(() => assert.fail("a server was dialled"));
  const large = { ...content, size: inMemoryBytesMax + 1 };
  assert.equal(await outcomeOf(downloadBytes(server, large, {}).then(() => "read")), "attachment_too_large");
});
