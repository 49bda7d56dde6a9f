import { createHash } from "node:crypto";
import { z } from "zod";
import { sealChunk } from "../../e2ee/attachment.ts";
import { chunkCount, chunkPlainBytes } from "../../wire/attachment.ts";
import { equalBytes } from "../../wire/bytes.ts";
import type { GroupId } from "../../wire/ids.ts";
import type { FileSource } from "./source.ts";
import { type AttachmentServer, attachmentPath, TransferEnd, type TransferOptions, textOf } from "./transfer.ts";

/** The group and id under which a file is uploaded, and the key that seals it. Each file needs a key of its own. */
export interface UploadTarget {
  readonly group: GroupId;
  readonly attachment: Uint8Array;
  readonly key: Uint8Array;
}

/** A file's hashes: of the whole file, and of each chunk, by which a change between hashing and sealing is noticed. */
export interface FileDigest {
  readonly hash: Uint8Array;
  readonly chunks: readonly Uint8Array[];
}

/** Chunks under way at once: enough to hide the round trip to the server. */
const chunksAtOnce = 3;

const sha256 = (bytes: Uint8Array): Uint8Array => createHash("sha256").update(bytes).digest();

export async function digestOf(source: FileSource, signal?: AbortSignal): Promise<FileDigest> {
  const whole = createHash("sha256");
  const chunks: Uint8Array[] = [];
  for (let index = 0; index < chunkCount(source.size); index++) {
    if (signal?.aborted) throw new TransferEnd("cancelled", "it was cancelled");
    const bytes = await chunkOf(source, index);
    whole.update(bytes);
    chunks.push(sha256(bytes));
  }
  return { hash: whole.digest(), chunks };
}

/** Uploads the chunks of a file that the server does not have yet; resolves when it has all. */
export async function upload(
  server: AttachmentServer,
  source: FileSource,
  digest: FileDigest,
  { group, attachment, key }: UploadTarget,
  { onProgress, signal }: TransferOptions,
): Promise<void> {
  const { size } = source;
  const shape = { size, chunks: chunkCount(size) };
  const begin = `${attachmentPath(attachment)}?group=${group}&size=${size}`;
  const missing = await missingChunks(server, begin, shape.chunks, signal);
  let done = shape.chunks - missing.length;
  const send = async () => {
    for (let index = missing.shift(); index !== undefined; index = missing.shift()) {
      if (signal?.aborted) throw new TransferEnd("cancelled", "it was cancelled");
      const plain = await chunkOf(source, index);
      // A second text under the same key and nonce would show what they have in common.
      const known = digest.chunks[index];
      if (!known || !equalBytes(sha256(plain), known)) {
        throw new TransferEnd("file_changed", `${source.name} was changed while it was sent`);
      }
      const body = sealChunk(key, shape, index, plain);
      const response = await server.ask(attachmentPath(attachment, index), { method: "PUT", body, signal });
      response.resume();
      onProgress?.(Math.min(size, ++done * chunkPlainBytes), size);
    }
  };
  const sendUntilOneFails = async () => {
    try {
      await send();
    } catch (cause) {
      missing.length = 0;
      throw cause;
    }
  };
  const outcomes = await Promise.allSettled(Array.from({ length: chunksAtOnce }, sendUntilOneFails));
  for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
  if ((await missingChunks(server, begin, shape.chunks, signal)).length > 0) {
    throw new TransferEnd("attachment_incomplete", "the server has lost a part of it; send it again");
  }
}

async function chunkOf(source: FileSource, index: number): Promise<Uint8Array> {
  const offset = index * chunkPlainBytes;
  return source.read(offset, Math.min(chunkPlainBytes, source.size - offset));
}

const index = z.number().int().min(0);
const missingFields = z.object({ complete: z.boolean(), missing: z.array(z.tuple([index, index])) });

/** Begins an upload, or goes on with it; returns the indexes of the chunks that the server does not have yet. */
async function missingChunks(
  server: AttachmentServer,
  path: string,
  chunks: number,
  signal: AbortSignal | undefined,
): Promise<number[]> {
  const answer = parseJson(await textOf(await server.ask(path, { method: "PUT", signal })));
  const parsed = missingFields.safeParse(answer);
  const wanted = new Set<number>();
  for (const [from, to] of parsed.data?.missing ?? []) {
    for (let at = from; at <= Math.min(to, chunks - 1); at++) wanted.add(at);
  }
  if (!parsed.success || parsed.data.complete !== (wanted.size === 0)) {
    throw new TransferEnd("internal", "the server does not say what it has of the file");
  }
  return [...wanted];
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
