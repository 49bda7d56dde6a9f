import type { Clock } from "../../platform/clock.ts";
import { wholeNumber } from "../../platform/decimal.ts";
import { messageOf } from "../../platform/failure.ts";
import {
  type AttachmentRecord,
  beginAttachment,
  completeAttachment,
  findAttachment,
  readChunks,
  removeAttachment,
  storeChunk,
  storedChunks,
} from "../../store/attachments.ts";
import {
  attachmentIdBytes,
  chunkCount,
  chunkStoredBytes,
  storedBytes,
  storedChunkBytes,
} from "../../wire/attachment.ts";
import type { HttpErrorCode } from "../../wire/errors.ts";
import { httpErrorCodes } from "../../wire/errors.ts";
import { type GroupId, groupId, type UserId } from "../../wire/ids.ts";
import { groupOfMember, type MembershipParts } from "../groups/changes.ts";
import { busyRetryMs } from "../requests/refusal.ts";
import type { ServerContext } from "../server-context.ts";
import type { RevokedSessions } from "../sessions/revoked-sessions.ts";
import { hasMethod } from "../transport/methods.ts";
import { type HttpHeaders, type HttpRequest, plainText } from "../transport/transport.ts";
import { byteRange } from "./byte-range.ts";

export interface AttachmentLimits {
  /** Largest file. */
  readonly bytesMax: number;
  /** All files of one user together. */
  readonly quotaBytes: number;
}

/** How many uploads and downloads of one user may be under way at once at one server. */
const transfersMax = 16;
/** How many chunks are read from the database at once. A download keeps so many in memory. */
const chunksPerRead = 4;

const pathForm = new RegExp(`^/v1/attachments/([0-9a-f]{${2 * attachmentIdBytes}})(?:/([^/]*))?$`);
const json = { "content-type": "application/json" };

/** Why an HTTP request is not carried out. */
class Refusal {
  readonly code: HttpErrorCode;
  readonly detail: string;
  readonly headers: HttpHeaders;
  constructor(code: HttpErrorCode, detail: string, headers: HttpHeaders = {}) {
    this.code = code;
    this.detail = detail;
    this.headers = headers;
  }
}

/** What attachments need of a server. */
export type AttachmentParts = MembershipParts &
  Pick<ServerContext, "database" | "isDatabaseAway" | "log" | "tokens"> & {
    readonly clock: Pick<Clock, "now">;
    readonly revoked: Pick<RevokedSessions, "has">;
  };

/**
 * Sealed files, chunk by chunk, over HTTP on the server's own port. The server cannot read the chunks: it checks who may upload
 * and fetch them, that each has its length, and that no user exceeds their quota.
 */
export class AttachmentRoutes {
  readonly #server: AttachmentParts;
  readonly #limits: AttachmentLimits;
  readonly #transfers = new Map<UserId, number>();

  constructor(server: AttachmentParts, limits: AttachmentLimits) {
    this.#server = server;
    this.#limits = limits;
  }

  /** Answers a request, if it is for an attachment; answers false if it is not. */
  route(request: HttpRequest): boolean {
    const path = pathForm.exec(request.path);
    if (!path) return false;
    const [, hexId = "", chunk] = path;
    const id = Buffer.from(hexId, "hex");
    if (chunk === undefined) {
      if (hasMethod(request, ["PUT", "GET", "DELETE"])) void this.#answer(request, id, undefined);
      return true;
    }
    const index = wholeNumber(chunk);
    if (index === undefined) return false;
    if (hasMethod(request, ["PUT"])) void this.#answer(request, id, index);
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
    const token = /^Bearer +([A-Za-z0-9_-]{1,400})$/i.exec(request.header("authorization") ?? "")?.[1];
    if (token === undefined) {
      return new Refusal("unauthorized", "a session token is needed: Authorization: Bearer …", noToken);
    }
    const session = this.#server.tokens.check(Buffer.from(token, "base64url"), this.#server.clock.now());
    if (!session.ok || this.#server.revoked.has(session.value.id)) {
      const reason = session.ok ? "this session was ended" : session.reason;
      return new Refusal("unauthorized", reason, tokenRefused);
    }
    return session.value.user;
  }

  async #carryOut(request: HttpRequest, user: UserId, id: Uint8Array, index: number | undefined) {
    if (index !== undefined) return this.#takeChunk(request, user, id, index);
    switch (request.method) {
      case "PUT":
        return this.#begin(request, user, id);
      case "DELETE":
        return this.#remove(request, user, id);
      default:
        return this.#fetch(request, user, id);
    }
  }

  /** Begins an upload, or answers which chunks it lacks; an upload that lacks none is complete from then on. */
  async #begin(request: HttpRequest, owner: UserId, id: Uint8Array): Promise<Refusal | undefined> {
    const number = onlyNumber(request.query, "group");
    const size = onlyNumber(request.query, "size");
    if (!number || size === undefined) {
      return new Refusal("bad_request", "group and size are whole numbers in decimal digits, each given once");
    }
    const group = groupId(number);
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
    // The body is asked for before anything is awaited: afterwards a native request would be gone.
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
    const range = requestedRange(request, length);
    if (range === "unsatisfiable") {
      request.respond(416, { ...plainText, "content-range": `bytes */${length}` }, "range_invalid: beyond the end\n");
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

  /** The stored bytes from `start` to `end`, both included, a chunk at a time. */
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

/** RFC 6750 section 3. */
const noToken = { "www-authenticate": 'Bearer realm="fastchat"' };
const tokenRefused = { "www-authenticate": 'Bearer realm="fastchat", error="invalid_token"' };

function refuse(request: HttpRequest, { code, detail, headers }: Refusal): void {
  const { status } = httpErrorCodes[code];
  const retry = code === "busy" ? { "retry-after": String(Math.ceil(busyRetryMs / 1000)) } : {};
  request.respond(status, { ...plainText, ...retry, ...headers }, `${code}: ${detail}\n`);
}

/**
 * The one range that a request asks for; undefined for the whole file. Only GET has ranges (RFC 9110 section 14.2), and a
 * request with `If-Range` gets the whole file, since files have no versions here that its condition could name (13.1.5).
 */
function requestedRange(request: HttpRequest, length: number) {
  if (request.method !== "GET" || request.header("if-range") !== undefined) return undefined;
  return byteRange(request.header("range"), length);
}

/** The whole number that a parameter has; undefined when it has another value, is missing, or is given more than once. */
function onlyNumber(query: URLSearchParams, name: string): number | undefined {
  const [value, ...more] = query.getAll(name);
  return more.length === 0 ? wholeNumber(value) : undefined;
}

/** The runs of indices below `count` that are not in `present`, which is in order; both ends are included. */
function gaps(present: readonly number[], count: number): [from: number, to: number][] {
  const missing: [number, number][] = [];
  let next = 0;
  for (const index of [...present, count]) {
    if (index > next) missing.push([next, index - 1]);
    next = index + 1;
  }
  return missing;
}
