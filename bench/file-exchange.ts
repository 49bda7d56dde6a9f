import { randomBytes } from "node:crypto";
import { signUp } from "../core/client/account/authenticate.ts";
import { Client } from "../core/client/client.ts";
import { dialAssigned } from "../core/client/dial.ts";
import { downloadBytes } from "../core/client/files/download.ts";
import type { FileSource } from "../core/client/files/source.ts";
import { AttachmentServer, TransferEnd } from "../core/client/files/transfer.ts";
import { digestOf, upload } from "../core/client/files/upload.ts";
import { IdentityCache } from "../core/client/identity-cache.ts";
import { openLeanSocket } from "../core/client/lean-socket.ts";
import { fileKeyBytes } from "../core/e2ee/attachment.ts";
import type { FileContent } from "../core/e2ee/content.ts";
import { createIdentity, type IdentityKeyPairs } from "../core/e2ee/identity.ts";
import * as opaque from "../core/e2ee/opaque-client.ts";
import { RsaFernet } from "../core/e2ee/rsa-fernet.ts";
import { inlineRsa } from "../core/e2ee/rsa-inline.ts";
import { systemClock as clock } from "../core/platform/clock.ts";
import { Failure } from "../core/platform/failure.ts";
import { seededRandom } from "../core/platform/random.ts";
import { attachmentIdBytes } from "../core/wire/attachment.ts";
import type { GroupId } from "../core/wire/ids.ts";

const credentials = { name: "sender", password: "simulated", effort: "simulated" } as const;

/** Somebody who sends files to a group of their own, and fetches them again. */
export class FileExchange {
  readonly #client: Client;
  readonly #server: AttachmentServer;
  readonly #group: GroupId;

  private constructor(client: Client, server: AttachmentServer, group: GroupId) {
    this.#client = client;
    this.#server = server;
    this.#group = group;
  }

  static async open(target: string, keyPairs: IdentityKeyPairs): Promise<FileExchange> {
    const dial = dialAssigned(target);
    const client = new Client(
      { dial, open: openLeanSocket, clock, random: seededRandom(1) },
      {
        outboxMax: 1,
        suites: [new RsaFernet(inlineRsa, () => Math.floor(clock.now() / 1000))],
        identities: new IdentityCache(),
        pinning: false,
      },
      {},
    );
    const identity = createIdentity(credentials.name, keyPairs);
    const welcome = await client.logIn(identity, signUp(opaque, credentials, identity));
    if (!welcome.ok) throw refused("sign_up_failed", welcome.reason.detail);
    const founded = await client.createGroup({ title: "files", members: [] });
    if (!founded.ok) throw refused("group_failed", founded.reason.detail);
    const { token } = welcome.value;
    const server = new AttachmentServer({ dial, tls: undefined, clock, token: () => token });
    return new FileExchange(client, server, founded.value.group);
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
    await orFail(upload(this.#server, source, digest, { group: this.#group, attachment, key }, own(signal)));
    const { name, mediaType } = source;
    return { kind: "file", name, mediaType, size, attachment, key, hash: digest.hash };
  }

  /** Downloads it, with every check that a person's client does. */
  async fetch(content: FileContent, signal: AbortSignal): Promise<void> {
    await orFail(downloadBytes(this.#server, content, own(signal)));
  }

  close(): Promise<void> {
    return this.#client.close();
  }
}

/** A signal of a transfer's own: each of its requests listens to it. */
const own = (signal: AbortSignal) => ({ signal: AbortSignal.any([signal]) });

async function orFail<T>(transfer: Promise<T>): Promise<T> {
  try {
    return await transfer;
  } catch (cause) {
    if (cause instanceof TransferEnd) throw refused(cause.reason.code, cause.message);
    throw cause;
  }
}

const refused = (code: string, detail: string) => new Failure(code, detail, "see the server's log");
