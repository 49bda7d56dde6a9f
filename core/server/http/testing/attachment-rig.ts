import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { z } from "zod";
import type { ServeConfig } from "../../../cluster/serve-settings.ts";
import { silentLog } from "../../../platform/log.ts";
import { Database } from "../../../store/database.ts";
import { deploy, type TestDeployment } from "../../../testing/deployment.ts";
import { groupOf, type Person, person } from "../../../testing/person.ts";
import { serverPort } from "../../../testing/server-url.ts";
import { chunkCount, storedChunkBytes } from "../../../wire/attachment.ts";
import type { GroupId } from "../../../wire/ids.ts";
import type { TransportName } from "../../transport/transport.ts";

/** The largest file. */
export const bytesMax = 300_000;
const quotaBytes = 1_000_000;

const progressFields = z.object({ complete: z.boolean(), missing: z.array(z.array(z.number())) });

interface Request {
  readonly body?: Uint8Array;
  readonly range?: string;
  readonly ifRange?: string;
  /** Which server is asked; the first by default. */
  readonly server?: number;
  /** Instead of the person's token. */
  readonly authorization?: string;
}

/** Two servers, a group of alice and bob, mallory who is not in it, and requests to the attachment routes. */
export class AttachmentRig {
  readonly deployment: TestDeployment;
  readonly database: Database;
  readonly alice: Person;
  readonly bob: Person;
  readonly mallory: Person;
  /** The group of alice and bob. */
  readonly group: GroupId;

  private constructor(
    deployment: TestDeployment,
    people: { readonly alice: Person; readonly bob: Person; readonly mallory: Person },
    group: GroupId,
  ) {
    this.deployment = deployment;
    this.database = new Database(deployment.databaseUrl, { connectionsMax: 1, log: silentLog });
    this.alice = people.alice;
    this.bob = people.bob;
    this.mallory = people.mallory;
    this.group = group;
  }

  static async open(transport: TransportName, of: Partial<ServeConfig> = {}): Promise<AttachmentRig> {
    const deployment = await deploy({
      servers: 2,
      transport,
      attachmentBytesMax: bytesMax,
      attachmentQuotaBytes: quotaBytes,
      expirySeconds: 0.1,
      ...of,
    });
    const [alice, bob, mallory] = await Promise.all([
      person(deployment.target, "alice"),
      person(deployment.target, "bob"),
      person(deployment.target, "mallory"),
    ]);
    return new AttachmentRig(deployment, { alice, bob, mallory }, await groupOf(alice, bob));
  }

  async close(): Promise<void> {
    await this.database.close();
    await this.deployment.stop();
  }

  person(name: string): Promise<Person> {
    return person(this.deployment.target, name);
  }

  /** Sends a request as somebody, or as nobody; `code` is the error code, if the answer is one. */
  async ask(as: Person | undefined, method: string, path: string, of: Request = {}) {
    const token = as && `Bearer ${Buffer.from(as.token).toString("base64url")}`;
    const authorization = of.authorization ?? token;
    const port = serverPort(this.deployment, of.server);
    const response = await fetch(`http://127.0.0.1:${port}/v1/attachments/${path}`, {
      method,
      headers: {
        ...(authorization === undefined ? {} : { authorization }),
        ...(of.range === undefined ? {} : { range: of.range }),
        ...(of.ifRange === undefined ? {} : { "if-range": of.ifRange }),
      },
      ...(of.body ? { body: Buffer.from(of.body) } : {}),
    });
    const bytes = Buffer.from(await response.arrayBuffer());
    return { status: response.status, headers: response.headers, bytes, code: bytes.toString("latin1").split(":")[0] };
  }

  /** Begins an upload, or asks how far it is. */
  begin(as: Person, id: string, size: number, of = this.group) {
    return this.ask(as, "PUT", `${id}?group=${of}&size=${size}`);
  }

  /** Uploads a file of random bytes; answers its id and its stored bytes. */
  async uploaded(size: number, by = this.alice, of = this.group): Promise<{ id: string; stored: Buffer }> {
    const id = newId();
    assert.equal((await this.begin(by, id, size, of)).status, 200);
    const chunks = Array.from({ length: chunkCount(size) }, (_, index) => randomBytes(storedChunkBytes(size, index)));
    for (const [index, body] of chunks.entries()) {
      assert.equal((await this.ask(by, "PUT", `${id}/${index}`, { body })).status, 204);
    }
    assert.equal(progressOf(await this.begin(by, id, size, of)).complete, true);
    return { id, stored: Buffer.concat(chunks) };
  }
}

export const newId = () => randomBytes(16).toString("hex");

/** How far an upload is, by the answer to its beginning. */
export const progressOf = (answer: { readonly bytes: Buffer }) =>
  progressFields.parse(JSON.parse(answer.bytes.toString()));
