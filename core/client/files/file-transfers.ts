import { randomBytes } from "node:crypto";
import { createFileKey } from "../../e2ee/attachment.ts";
import type { FileContent } from "../../e2ee/content.ts";
import type { Parsed, Result } from "../../platform/result.ts";
import { attachmentIdBytes } from "../../wire/attachment.ts";
import { equalBytes } from "../../wire/bytes.ts";
import type { ClientMessageId, GroupId } from "../../wire/ids.ts";
import type { Client } from "../client.ts";
import type { SendOutcome } from "../mail/outgoing-message.ts";
import { contentRefusal } from "../text/text-limits.ts";
import { download, downloadBytes } from "./download.ts";
import { type FileSource, openSource } from "./source.ts";
import {
  type AttachmentServer,
  attachmentPath,
  TransferEnd,
  type TransferOptions,
  type TransferRefusal,
  transfer,
} from "./transfer.ts";
import { digestOf, upload } from "./upload.ts";

/** A file on its way to a group, with all that another run needs to go on with it. */
export interface OutgoingFile {
  readonly attachment: Uint8Array;
  readonly key: Uint8Array;
  readonly group: GroupId;
  /** The id of the message that will carry it. */
  readonly message: ClientMessageId;
  /** Its path on this machine. */
  readonly file: string;
  readonly keepMetadata: boolean;
  readonly text: string | undefined;
  /** SHA-256 of the bytes that are sent. */
  readonly hash: Uint8Array;
}

/** Keeps the files on their way from one run to the next. */
export interface OutgoingFiles {
  /** The files whose message is not written yet. */
  unsent(): readonly OutgoingFile[];
  begun(file: OutgoingFile): void;
  ended(attachment: Uint8Array): void;
}

export interface SendFileOptions extends TransferOptions {
  /** Leaves in an image the metadata of where, when and with what it was taken. */
  readonly keepMetadata?: boolean;
  /** The text that is sent with it. */
  readonly text?: string;
}

/** Sends files to groups, and fetches those of others. A transfer that is cut off goes on from there, also in another run. */
export class FileTransfers {
  readonly #client: Client;
  readonly #server: AttachmentServer;
  readonly #store: OutgoingFiles;
  readonly #closing = new AbortController();
  readonly #running = new Set<Promise<unknown>>();

  constructor(parts: { client: Client; server: AttachmentServer; store: OutgoingFiles }) {
    this.#client = parts.client;
    this.#server = parts.server;
    this.#store = parts.store;
  }

  /** The files that an earlier run has begun to send, for {@link resume}. */
  unfinished(): readonly OutgoingFile[] {
    return this.#store.unsent();
  }

  /** Uploads a file, then sends the group a message with it; resolves with that message's outcome. */
  send(group: GroupId, file: string, options: SendFileOptions = {}): Promise<Result<SendOutcome, TransferRefusal>> {
    const { keepMetadata = false, text } = options;
    return this.#send({ group, file, keepMetadata, text }, options);
  }

  /** Goes on with a file that an earlier run has begun to send; begins anew if the file has changed since. */
  resume(begun: OutgoingFile, options: TransferOptions = {}): Promise<Result<SendOutcome, TransferRefusal>> {
    return this.#send(begun, options, begun);
  }

  /** Forgets a file that was begun, here and at the server. */
  async giveUp({ attachment }: OutgoingFile): Promise<Result<undefined, TransferRefusal>> {
    this.#store.ended(attachment);
    const removed = await transfer(async () => {
      (await this.#server.ask(attachmentPath(attachment), { method: "DELETE" })).resume();
    });
    return removed.ok || removed.reason.code === "attachment_unknown" ? { ok: true, value: undefined } : removed;
  }

  /** Saves a file under a name; see {@link download}. */
  save(
    content: FileContent,
    target: string,
    options: TransferOptions & { readonly replace?: boolean } = {},
  ): Promise<Result<undefined, TransferRefusal>> {
    return this.#run(options, async (bounded) => {
      await download(this.#server, content, target, { ...options, ...bounded });
      return undefined;
    });
  }

  /** Reads a file into memory, for a preview. */
  read(content: FileContent, options: TransferOptions = {}): Promise<Parsed<Uint8Array, TransferRefusal>> {
    return this.#run(options, (bounded) => downloadBytes(this.#server, content, bounded));
  }

  async #send(
    wanted: Pick<OutgoingFile, "group" | "file" | "keepMetadata" | "text">,
    options: TransferOptions,
    begun?: OutgoingFile,
  ): Promise<Result<SendOutcome, TransferRefusal>> {
    const uploaded = await this.#run(options, async (bounded) => {
      const source = await openSource(wanted.file, wanted.keepMetadata);
      try {
        const digest = await digestOf(source, bounded.signal);
        const outgoing = await this.#begin(wanted, digest.hash, begun);
        const content = contentOf(source, outgoing);
        const tooLarge = contentRefusal(content);
        if (tooLarge) {
          this.#store.ended(outgoing.attachment);
          throw new TransferEnd(tooLarge.code, tooLarge.detail);
        }
        await upload(this.#server, source, digest, outgoing, bounded);
        return { outgoing, content };
      } finally {
        await source.close();
      }
    });
    return uploaded.ok ? transfer(() => this.#announce(uploaded.value.outgoing, uploaded.value.content)) : uploaded;
  }

  async #begin(
    wanted: Pick<OutgoingFile, "group" | "file" | "keepMetadata" | "text">,
    hash: Uint8Array,
    begun: OutgoingFile | undefined,
  ): Promise<OutgoingFile> {
    if (begun && equalBytes(begun.hash, hash)) return begun;
    // Two files under the same key would show what they have in common.
    if (begun) await this.giveUp(begun);
    const { group, file, keepMetadata, text } = wanted;
    const message = begun?.message ?? this.#client.mailbox.nextId();
    const sealedUnder = { attachment: randomBytes(attachmentIdBytes), key: createFileKey() };
    const outgoing = { ...sealedUnder, group, message, file, keepMetadata, text, hash };
    this.#store.begun(outgoing);
    return outgoing;
  }

  /** Ends all transfers; resolves when none is under way. They go on in another run. */
  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.allSettled(this.#running);
  }

  #run<T>(
    { signal, ...options }: TransferOptions,
    work: (options: TransferOptions) => Promise<T>,
  ): Promise<Result<T, TransferRefusal>> {
    const either = signal ? AbortSignal.any([signal, this.#closing.signal]) : this.#closing.signal;
    const running = transfer(() => work({ ...options, signal: either })).finally(() => this.#running.delete(running));
    this.#running.add(running);
    return running;
  }

  #announce({ group, message, attachment }: OutgoingFile, content: FileContent): Promise<SendOutcome> {
    return new Promise((resolve, reject) => {
      const taken = this.#client.send(group, content, resolve, message);
      if (taken.ok) this.#store.ended(attachment);
      else reject(new TransferEnd(taken.reason.code, taken.reason.detail));
    });
  }
}

const nameLengthMax = 255;

function contentOf({ name, mediaType, size }: FileSource, { attachment, key, text, hash }: OutgoingFile): FileContent {
  const about = { name: name.slice(0, nameLengthMax), mediaType, size, hash, attachment, key };
  return { kind: "file", ...about, ...(text === undefined ? {} : { text }) };
}
