import { createHash } from "node:crypto";
import { constants, createReadStream } from "node:fs";
import { type FileHandle, mkdir, open, rename, rm } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import path from "node:path";
import { openChunk } from "../../e2ee/attachment.ts";
import type { FileContent } from "../../e2ee/content.ts";
import { codeOf, messageOf } from "../../platform/failure.ts";
import { chunkCount, chunkPlainBytes, chunkStoredBytes, storedChunkBytes } from "../../wire/attachment.ts";
import { equalBytes } from "../../wire/bytes.ts";
import { type AttachmentServer, attachmentPath, TransferEnd, type TransferOptions } from "./transfer.ts";

/** Bytes at most of a file that is read into memory, as previews are. */
export const inMemoryBytesMax = 64 * 1024 * 1024;

/** Attempts in a row that may bring nothing. */
const stallsMax = 5;

/** Reads a whole file into memory, checked. */
export async function downloadBytes(
  server: AttachmentServer,
  content: FileContent,
  options: TransferOptions,
): Promise<Uint8Array> {
  if (content.size > inMemoryBytesMax) throw new TransferEnd("attachment_too_large", `it has ${content.size} bytes`);
  const chunks: Uint8Array[] = [];
  for await (const chunk of chunksOf(server, content, 0, options)) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  if (!equalBytes(createHash("sha256").update(bytes).digest(), content.hash)) throw otherFile();
  return bytes;
}

/**
 * Saves a file under this name. Goes on with the unfinished file that an earlier attempt has left beside it, and renames that
 * once it is whole and has the hash that its sender gave. A file that has the name already stays, unless `replace` is set.
 */
export async function download(
  server: AttachmentServer,
  content: FileContent,
  target: string,
  options: TransferOptions & { readonly replace?: boolean },
): Promise<void> {
  const unfinished = path.join(path.dirname(target), `.${Buffer.from(content.attachment).toString("hex")}.part`);
  const file = await onDisk(async () => {
    await mkdir(path.dirname(target), { recursive: true });
    return open(unfinished, constants.O_RDWR | constants.O_CREAT, 0o600);
  });
  try {
    await fill(server, content, file, options);
    await onDisk(() => file.sync());
  } finally {
    await file.close();
  }
  if (!equalBytes(await hashOf(unfinished), content.hash)) {
    await rm(unfinished, { force: true });
    throw otherFile();
  }
  if (!options.replace) await claim(target);
  await onDisk(() => rename(unfinished, target));
}

async function fill(server: AttachmentServer, content: FileContent, file: FileHandle, options: TransferOptions) {
  const { size } = await file.stat();
  // After an attempt that ended within a chunk, that whole chunk is fetched again.
  let index = Math.min(Math.floor(size / chunkPlainBytes), chunkCount(content.size) - 1);
  for await (const chunk of chunksOf(server, content, index, options)) {
    await onDisk(() => file.write(chunk, 0, chunk.length, index * chunkPlainBytes));
    index++;
  }
  await onDisk(() => file.truncate(content.size));
}

/** The opened chunks of a file from this index on. Asks again from where an answer broke off, as long as there is progress. */
async function* chunksOf(
  server: AttachmentServer,
  { attachment, key, size }: FileContent,
  from: number,
  { onProgress, signal }: TransferOptions,
): AsyncGenerator<Uint8Array> {
  const shape = { size, chunks: chunkCount(size) };
  let stalls = 0;
  for (let next = from; next < shape.chunks; ) {
    const before = next;
    const headers = next === 0 ? {} : { range: `bytes=${next * chunkStoredBytes}-` };
    const response = await server.ask(attachmentPath(attachment), { headers, signal });
    // A server that does not support ranges would begin with the first chunk.
    if (next > 0 && response.statusCode !== 206) {
      throw new TransferEnd("internal", "the server does not go on where it was asked to");
    }
    const pieces = new Pieces(response);
    for (; next < shape.chunks; next++) {
      const sealed = await pieces.take(storedChunkBytes(size, next));
      if (!sealed) break;
      const opened = openChunk(key, shape, next, sealed);
      if (!opened.ok) throw new TransferEnd("attachment_tampered", opened.reason);
      yield opened.value;
      onProgress?.(next * chunkPlainBytes + opened.value.length, size);
    }
    pieces.close();
    if (signal?.aborted) throw new TransferEnd("cancelled", "it was cancelled");
    if (next === shape.chunks) return;
    const { brokeOff } = pieces;
    if (brokeOff === undefined) {
      throw new TransferEnd("attachment_tampered", `the server's file ends before chunk ${next} of ${shape.chunks}`);
    }
    stalls = next === before ? stalls + 1 : 0;
    if (stalls === stallsMax) throw new TransferEnd("offline", brokeOff);
  }
}

/** An answer's body, in pieces of the lengths that the reader asks for. */
class Pieces {
  readonly #response: IncomingMessage;
  readonly #arriving: AsyncIterator<Buffer>;
  #held: Buffer[] = [];
  #heldBytes = 0;
  /** Why the connection broke before the body's end. */
  brokeOff: string | undefined;

  constructor(response: IncomingMessage) {
    this.#response = response;
    const body: AsyncIterable<Buffer> = response;
    this.#arriving = body[Symbol.asyncIterator]();
  }

  /** Undefined when the body ends, or breaks off, before so many bytes have come. */
  async take(length: number): Promise<Buffer | undefined> {
    while (this.#heldBytes < length) {
      const piece = await this.#arrive();
      if (!piece) return undefined;
      this.#held.push(piece);
      this.#heldBytes += piece.length;
    }
    const joined = Buffer.concat(this.#held);
    this.#held = [joined.subarray(length)];
    this.#heldBytes -= length;
    return joined.subarray(0, length);
  }

  close(): void {
    this.#response.destroy();
  }

  async #arrive(): Promise<Buffer | undefined> {
    try {
      const { value, done } = await this.#arriving.next();
      return done ? undefined : value;
    } catch (cause) {
      this.brokeOff = messageOf(cause);
      return undefined;
    }
  }
}

async function hashOf(file: string): Promise<Uint8Array> {
  const hash = createHash("sha256");
  await onDisk(async () => {
    const pieces: AsyncIterable<Buffer> = createReadStream(file);
    for await (const piece of pieces) hash.update(piece);
  });
  return hash.digest();
}

/** Creates an empty file with this name; refused when there is one. */
async function claim(target: string): Promise<void> {
  try {
    await (await open(target, "wx")).close();
  } catch (cause) {
    const exists = codeOf(cause) === "EEXIST";
    throw new TransferEnd(exists ? "file_exists" : "file_unwritable", messageOf(cause));
  }
}

async function onDisk<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw new TransferEnd("file_unwritable", messageOf(cause));
  }
}

const otherFile = () => new TransferEnd("attachment_tampered", "the file is not the one that its sender hashed");
