/** How attachments are cut into the chunks that servers store and serve unread. See PROTOCOL.md, "Attachments". */
export const chunkPlainBytes = 64 * 1024;
/** What sealing adds to each chunk: the tag of AES-GCM. */
export const chunkSealBytes = 16;
export const chunkStoredBytes = chunkPlainBytes + chunkSealBytes;

/** An attachment's own name at the server: 16 random bytes. */
export const attachmentIdBytes = 16;

/** Chunks of a file of this size. An empty file has one chunk: its seal proves that the file ends there. */
export function chunkCount(size: number): number {
  return Math.max(1, Math.ceil(size / chunkPlainBytes));
}

/** Bytes at the server of a file of this size. */
export function storedBytes(size: number): number {
  return size + chunkCount(size) * chunkSealBytes;
}

/** Bytes at the server of one of its chunks. */
export function storedChunkBytes(size: number, index: number): number {
  const last = chunkCount(size) - 1;
  return index < last ? chunkStoredBytes : size - last * chunkPlainBytes + chunkSealBytes;
}
