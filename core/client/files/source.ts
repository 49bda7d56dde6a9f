import { type FileHandle, open } from "node:fs/promises";
import path from "node:path";
import { imageType } from "../../media/identify.ts";
import { stripMetadata, strippableBytesMax } from "../../media/strip-metadata.ts";
import { messageOf } from "../../platform/failure.ts";
import { TransferEnd } from "./transfer.ts";

/** The bytes of a file as they are sent, with what the message says of it. */
export interface FileSource {
  /** The name that others see. */
  readonly name: string;
  readonly mediaType: string;
  readonly size: number;
  /** Reads exactly so many bytes; fails when there are fewer. */
  read(offset: number, length: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

/**
 * Opens a file to send. Images lose the metadata that their pixels do not need (where, when and with what they were taken),
 * unless `keepMetadata` is set; an image whose metadata cannot be removed is refused.
 */
export async function openSource(file: string, keepMetadata: boolean): Promise<FileSource> {
  let handle: FileHandle;
  try {
    handle = await open(file, "r");
  } catch (cause) {
    throw new TransferEnd("file_unreadable", messageOf(cause));
  }
  try {
    const about = await handle.stat();
    if (!about.isFile()) throw new TransferEnd("file_unreadable", `${file} is no file`);
    const name = path.basename(file);
    const head = await readExactly(handle, 0, Math.min(32, about.size), file);
    const type = imageType(head);
    if (type === undefined || keepMetadata) {
      const mediaType = type ?? "application/octet-stream";
      const read = (offset: number, length: number) => readExactly(handle, offset, length, file);
      return { name, mediaType, size: about.size, read, close: () => handle.close() };
    }
    if (about.size > strippableBytesMax) {
      throw new TransferEnd(
        "metadata_not_removable",
        `an image of ${about.size} bytes is too large to remove its metadata`,
      );
    }
    const stripped = stripMetadata(await readExactly(handle, 0, about.size, file));
    if (!stripped.ok) throw new TransferEnd("metadata_not_removable", stripped.reason);
    await handle.close();
    const bytes = stripped.value;
    const read = async (offset: number, length: number) => bytes.subarray(offset, offset + length);
    return { name, mediaType: type, size: bytes.length, read, close: async () => {} };
  } catch (cause) {
    await handle.close();
    throw cause;
  }
}

async function readExactly(handle: FileHandle, offset: number, length: number, file: string): Promise<Uint8Array> {
  const bytes = Buffer.allocUnsafe(length);
  for (let filled = 0; filled < length; ) {
    const { bytesRead } = await handle.read(bytes, filled, length - filled, offset + filled);
    if (bytesRead === 0) throw new TransferEnd("file_changed", `${file} has become shorter meanwhile`);
    filled += bytesRead;
  }
  return bytes;
}
