import parseRange from "range-parser";
import { messageOf } from "../platform/failure.ts";
import {
  type AttachmentRecord,
  beginAttachment,
  completeAttachment,
  findAttachment,
  readChunks,
  removeAttachment,
  storeChunk,
  storedChunks,
} from "../store/attachments.ts";
import { attachmentIdBytes, chunkCount, chunkStoredBytes, storedBytes, storedChunkBytes } from "../wire/attachment.ts";
import type { HttpErrorCode } from "../wire/errors.ts";
import { httpErrorCodes } from "../wire/errors.ts";
import type { GroupId, UserId } from "../wire/ids.ts";
import { groupOfMember } from "./changes.ts";
import { busyRetryMs } from "./reply.ts";
import type { ServerContext } from "./server-context.ts";
import type { HttpRequest } from "./transport/transport.ts";

export interface AttachmentLimits {
  /** Largest file. */
  readonly bytesMax: number;
  /** All files of one user together. */
  readonly quotaBytes: number;
}

/** Uploads and downloads of one user that may be under way at once at one server. */
const transfersMax = 16;
/** Chunks that are read from the database at once: what a download keeps in memory. */
const chunksPerRead = 4;

const pathForm = new RegExp(`^/v1/attachments/([0-9a-f]{${2 * attachmentIdBytes}})(?:/(\\d{1,9}))?$`);
const json = { "content-type": "application/json" };

/** Whatever an HTTP request must not do. */
class Refusal {
  readonly code: HttpErrorCode;
  readonly detail: string;
  constructor(code: HttpErrorCode, detail: string) {
    this.code = code;
    this.detail = detail;
  }
}

/**
 * Sealed files, chunk by chunk, on the same port as everything else. What the chunks hold is their members' affair; here
 * is checked who may bring and fetch them, that each has its length, and that nobody fills the disk.
 */
export class AttachmentRoutes {
  readonly #server: ServerContext;
  readonly #limits: AttachmentLimits;
  readonly #transfers = new Map<UserId, number>();

  constructor(server: ServerContext, limits: AttachmentLimits) {
    this.#server = server;
    this.#limits = limits;
  }

  /** Whether the request was for this. */
  route(request: HttpRequest): boolean {
    const path = pathForm.exec(request.path);
    if (!path) return false;
    const id = Buffer.from(path[1] as string, "hex");
    const index = path[2] === undefined ? undefined : Number(path[2]);
    void this.#answer(request, id, index);
    return true;
  }

  async #answer(request: HttpRequest, id: Uint8Array, index: number | undefined): Promise<void> {
    let user: UserId | undefined;
    try {
      const caller = this.#authenticate(request);
      if (caller instanceof Refusal) return refuse(request, caller);
      if ((this.#transfers.get(caller) ?? 0) >= transfersMax) {
        return refuse(request, new Refusal("busy", `${transfersMax} transfers of this user are under way`));
      }
      user = caller;
      this.#transfers.set(user, (this.#transfers.get(user) ?? 0) + 1);
      const refusal = await this.#carryOut(request, user, id, index);
      if (refusal) refuse(request, refusal);
    } catch (cause) {
      const away = this.#server.isDatabaseAway(cause);
      this.#server.log.warn({ cause: messageOf(cause) }, "an attachment request failed");
      refuse(
        request,
        away ? new Refusal("busy", "the database is away") : new Refusal("internal", "see the server's log"),
      );
    } finally {
      if (user !== undefined) this.#ended(user);
    }
  }

  #ended(user: UserId): void {
    const underWay = (this.#transfers.get(user) ?? 1) - 1;
    if (underWay > 0) this.#transfers.set(user, underWay);
    else this.#transfers.delete(user);
  }

  #authenticate(request: HttpRequest): UserId | Refusal {
    const token = /^Bearer ([A-Za-z0-9_-]{1,400})$/.exec(request.header("authorization") ?? "")?.[1];
    if (token === undefined) return new Refusal("unauthorized", "a session token is needed: Authorization: Bearer …");
    const session = this.#server.tokens.check(Buffer.from(token, "base64url"), this.#server.clock.now());
    if (!session.ok || this.#server.revoked.has(session.value.id)) {
      return new Refusal("unauthorized", session.ok ? "this session was ended" : session.reason);
    }
    return session.value.user;
  }

  async #carryOut(request: HttpRequest, user: UserId, id: Uint8Array, index: number | undefined) {
    if (index !== undefined) {
      return request.method === "PUT" ? this.#takeChunk(request, user, id, index) : notAllowed("PUT");
    }
    switch (request.method) {
      case "PUT":
        return this.#begin(request, user, id);
      case "GET":
        return this.#fetch(request, user, id);
      case "DELETE":
        return this.#remove(request, user, id);
      default:
        return notAllowed("PUT", "GET", "DELETE");
    }
  }

  /** Begins an upload, or says what is still missing of one; the one that misses nothing is complete from then on. */
  async #begin(request: HttpRequest, owner: UserId, id: Uint8Array): Promise<Refusal | undefined> {
    const group = Number(request.query.get("group")) as GroupId;
    const size = Number(request.query.get("size") ?? Number.NaN);
    if (!Number.isSafeInteger(size) || size < 0 || !Number.isSafeInteger(group) || group < 1) {
      return new Refusal("bad_request", "group and size are whole numbers");
    }
    const { bytesMax, quotaBytes } = this.#limits;
    if (size > bytesMax)
      return new Refusal("attachment_too_large", `a file may have ${bytesMax} bytes, this one ${size}`);
    if (!(await this.#isMember(owner, group))) return new Refusal("not_a_member", "not a group of yours");
    const begun = await beginAttachment(this.#server.database, { id, group, owner, size }, quotaBytes);
    if (begun === "over_quota") return new Refusal("quota_exceeded", `all your files may take ${quotaBytes} bytes`);
    if (begun.owner !== owner || begun.group !== group || begun.size !== size) {
      return new Refusal("attachment_exists", "another attachment has this id");
    }
    const missing = begun.complete ? [] : gaps(await storedChunks(this.#server.database, id), chunkCount(size));
    const complete =
      begun.complete ||
      (missing.length === 0 && (await completeAttachment(this.#server.database, id, chunkCount(size))));
    request.respond(200, json, `${JSON.stringify({ complete, missing })}\n`);
    return undefined;
  }

  async #takeChunk(request: HttpRequest, user: UserId, id: Uint8Array, index: number): Promise<Refusal | undefined> {
    // Asked for before anything is awaited, or a native request would be gone.
    const body = request.body(chunkStoredBytes);
    const found = await this.#find(id);
    const bytes = await body;
    if (!found || found.owner !== user) return new Refusal("attachment_unknown", "begin the upload first");
    if (index >= chunkCount(found.size))
      return new Refusal("chunk_invalid", `there are ${chunkCount(found.size)} chunks`);
    const expected = storedChunkBytes(found.size, index);
    if (bytes?.length !== expected) return new Refusal("chunk_invalid", `chunk ${index} has ${expected} bytes`);
    if (!found.complete) await storeChunk(this.#server.database, id, index, bytes);
    request.respond(204, {}, "");
    return undefined;
  }

  async #fetch(request: HttpRequest, user: UserId, id: Uint8Array): Promise<Refusal | undefined> {
    const found = await this.#find(id);
    if (!found || !(await this.#isMember(user, found.group))) return new Refusal("attachment_unknown", "there is none");
    if (!found.complete) return new Refusal("attachment_incomplete", "its upload has not ended");
    const length = storedBytes(found.size);
    const range = requestedRange(request.header("range"), length);
    if (range === "unsatisfiable") {
      request.respond(416, { ...plain, "content-range": `bytes */${length}` }, "range_invalid: beyond the end\n");
      return undefined;
    }
    const { start, end } = range ?? { start: 0, end: length - 1 };
    const headers = {
      "content-type": "application/octet-stream",
      "accept-ranges": "bytes",
      ...(range ? { "content-range": `bytes ${start}-${end}/${length}` } : {}),
    };
    const pieces = this.#pieces(id, start, end);
    await request.stream(range ? 206 : 200, headers, end - start + 1, async () => {
      const piece = await pieces.next();
      if (piece.done) throw new Error("an attachment ends before its end");
      return piece.value;
    });
    return undefined;
  }

  async #remove(request: HttpRequest, user: UserId, id: Uint8Array): Promise<Refusal | undefined> {
    const found = await this.#find(id);
    if (!found || found.owner !== user) return new Refusal("attachment_unknown", "there is none of yours");
    await removeAttachment(this.#server.database, id);
    request.respond(204, {}, "");
    return undefined;
  }

  /** The bytes from one to another place, both included, a chunk at a time. */
  async *#pieces(id: Uint8Array, start: number, end: number): AsyncGenerator<Uint8Array> {
    const lastIndex = Math.floor(end / chunkStoredBytes);
    for (let index = Math.floor(start / chunkStoredBytes); index <= lastIndex; ) {
      const count = Math.min(chunksPerRead, lastIndex - index + 1);
      const chunks = await readChunks(this.#server.database, { id, from: index, count });
      if (chunks.length < count) throw new Error("an attachment has lost chunks");
      for (const chunk of chunks) {
        const at = index * chunkStoredBytes;
        yield chunk.subarray(Math.max(0, start - at), Math.min(chunk.length, end + 1 - at));
        index++;
      }
    }
  }

  #find(id: Uint8Array): Promise<AttachmentRecord | undefined> {
    return findAttachment(this.#server.database, id);
  }

  async #isMember(user: UserId, id: GroupId): Promise<boolean> {
    return (await groupOfMember(this.#server, id, user)) !== undefined;
  }
}

const plain = { "content-type": "text/plain; charset=utf-8" };

function refuse(request: HttpRequest, { code, detail }: Refusal): void {
  const { status } = httpErrorCodes[code];
  const retry = code === "busy" ? { "retry-after": String(Math.ceil(busyRetryMs / 1000)) } : {};
  const allow = code === "method_not_allowed" ? { allow: detail } : {};
  request.respond(status, { ...plain, ...retry, ...allow }, `${code}: ${detail}\n`);
}

/** What is allowed instead, as RFC 9110 section 15.5.6 wants it told. */
const notAllowed = (...methods: readonly string[]) => new Refusal("method_not_allowed", methods.join(", "));

/** The one range that is asked for; undefined for everything, also when several are asked for (RFC 9110 section 14.2). */
function requestedRange(header: string | undefined, length: number) {
  if (header === undefined) return undefined;
  const ranges = parseRange(length, header);
  if (ranges === -1) return "unsatisfiable";
  const [range] = ranges === -2 || ranges.type !== "bytes" ? [] : ranges;
  return ranges !== -2 && ranges.length === 1 ? range : undefined;
}

/** Runs of indices from 0 to below `count` that are not in the list, which is in order; both ends included. */
function gaps(present: readonly number[], count: number): [from: number, to: number][] {
  const missing: [number, number][] = [];
  let next = 0;
  for (const index of [...present, count]) {
    if (index > next) missing.push([next, index - 1]);
    next = index + 1;
  }
  return missing;
}
