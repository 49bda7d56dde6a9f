import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { accepted, type Parsed, refused } from "../platform/result.ts";
import { chunkPlainBytes, chunkSealBytes } from "../wire/attachment.ts";
import { writeUint32, writeUint53 } from "../wire/bytes.ts";

/**
 * A file in chunks, each sealed with AES-256-GCM (NIST SP 800-38D) under the file's own random key. The chunk's index is
 * the nonce; index, number of chunks and size of the file are authenticated with it: a chunk that is cut, moved, repeated,
 * left out or another file's does not open.
 *
 * The key travels inside a message. It is used for one file only: for a second one the nonces would repeat.
 */
export interface FileShape {
  /** Bytes of the file. */
  readonly size: number;
  readonly chunks: number;
}

export const fileKeyBytes = 32;
export const createFileKey = (): Uint8Array => randomBytes(fileKeyBytes);

export function sealChunk(key: Uint8Array, shape: FileShape, index: number, plain: Uint8Array): Uint8Array {
  const cipher = createCipheriv("aes-256-gcm", key, nonceOf(index)).setAAD(contextOf(shape, index));
  return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

export function openChunk(key: Uint8Array, shape: FileShape, index: number, sealed: Uint8Array): Parsed<Uint8Array> {
  if (sealed.length !== plainBytesOf(shape, index) + chunkSealBytes) {
    return refused(`chunk ${index} of ${shape.chunks} has ${sealed.length} bytes`);
  }
  const end = sealed.length - chunkSealBytes;
  const decipher = createDecipheriv("aes-256-gcm", key, nonceOf(index)).setAAD(contextOf(shape, index));
  decipher.setAuthTag(sealed.subarray(end));
  try {
    return accepted(Buffer.concat([decipher.update(sealed.subarray(0, end)), decipher.final()]));
  } catch {
    return refused(`chunk ${index} of ${shape.chunks} was changed, moved or is another file's`);
  }
}

/** Bytes of the file that a chunk holds: all are full but the last. */
export function plainBytesOf({ size, chunks }: FileShape, index: number): number {
  return index === chunks - 1 ? size - (chunks - 1) * chunkPlainBytes : chunkPlainBytes;
}

function nonceOf(index: number): Uint8Array {
  const nonce = Buffer.alloc(12);
  writeUint32(nonce, 8, index);
  return nonce;
}

const context = Buffer.from("fastchat chunk v1\0");

function contextOf({ size, chunks }: FileShape, index: number): Uint8Array {
  const bound = Buffer.alloc(context.length + 16);
  context.copy(bound);
  writeUint32(bound, context.length, index);
  writeUint32(bound, context.length + 4, chunks);
  writeUint53(bound, context.length + 8, size);
  return bound;
}
