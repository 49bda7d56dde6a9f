import { randomBytes } from "node:crypto";
import {
  AttachmentServer,
  dialForVisit,
  digestOf,
  downloadBytes,
  type FileSource,
  transfer,
  upload,
} from "../../core/client/index.ts";
import { fileKeyBytes } from "../../core/e2ee/attachment.ts";
import type { FileContent } from "../../core/e2ee/content.ts";
import type { IdentityKeyPairs } from "../../core/e2ee/identity.ts";
import { systemClock as clock } from "../../core/platform/clock.ts";
import { Failure } from "../../core/platform/failure.ts";
import { seededRandom } from "../../core/platform/random.ts";
import { attachmentIdBytes } from "../../core/wire/attachment.ts";
import type { GroupId } from "../../core/wire/ids.ts";
import { type BenchPerson, foundGroup, signUpPerson } from "../started/bench-person.ts";

/** A user who sends files to a group of their own, and downloads them again. */
export class FileExchange {
  readonly #sender: BenchPerson;
  readonly #server: AttachmentServer;
  readonly #group: GroupId;

  private constructor(sender: BenchPerson, server: AttachmentServer, group: GroupId) {
    this.#sender = sender;
    this.#server = server;
    this.#group = group;
  }

  static async open(target: string, keyPairs: IdentityKeyPairs): Promise<FileExchange> {
    const sender = await signUpPerson(target, "sender", keyPairs);
    const group = await foundGroup(sender, "files", []);
    const server = new AttachmentServer({
      dial: dialForVisit(target),
      tls: undefined,
      clock,
      random: seededRandom(1),
      token: () => sender.token,
    });
    return new FileExchange(sender, server, group);
  }

  /** Uploads one file of so many random bytes. */
  async send(size: number, signal: AbortSignal): Promise<FileContent> {
    const bytes = randomBytes(size);
    const source: FileSource = {
      name: "random.bin",
      mediaType: "application/octet-stream",
      size,
      read: async (offset, length) => bytes.subarray(offset, offset + length),
      close: async () => {},
    };
    const digest = await digestOf(source);
    const attachment = randomBytes(attachmentIdBytes);
    const key = randomBytes(fileKeyBytes);
    await done(() => upload(this.#server, source, digest, { group: this.#group, attachment, key }, own(signal)));
    const { name, mediaType } = source;
    return { kind: "file", name, mediaType, size, attachment, key, hash: digest.hash };
  }

  /** Downloads a file, with all checks of a person's client. */
  async fetch(content: FileContent, signal: AbortSignal): Promise<void> {
    await done(() => downloadBytes(this.#server, content, own(signal)));
  }

  close(): Promise<void> {
    return this.#sender.client.close();
  }
}

/** A signal for one transfer alone, since each of its requests adds a listener. */
const own = (signal: AbortSignal) => ({ signal: AbortSignal.any([signal]) });

async function done<T>(work: () => Promise<T>): Promise<T> {
  const outcome = await transfer(work);
  if (outcome.ok) return outcome.value;
  throw new Failure(outcome.reason.code, outcome.reason.detail, "see the server's log");
}
