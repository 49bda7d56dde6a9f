import type * as uws from "uWebSockets.js";
import { STATUS_CODES } from "node:http";
import type { RequestHead } from "./request-head.ts";
import type { HttpHeaders, HttpRequest, NextPiece } from "./transport.ts";
import type { UwsHandle } from "./uws-handle.ts";

/** The head of a native request; the library takes HTTP/1.1 and nothing else. */
export function headOf(request: uws.HttpRequest): RequestHead {
  const headers: [name: string, value: string][] = [];
  request.forEach((name, value) => headers.push([name, value]));
  return { method: request.getCaseSensitiveMethod(), path: request.getUrl(), version: "1.1", headers };
}

/** A native request, whose head was copied: the library's is gone once its handler has returned. */
export class UwsRequest implements HttpRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly #head: RequestHead;
  readonly #handle: UwsHandle;
  readonly #keepAlive: boolean;

  constructor(
    handle: UwsHandle,
    head: RequestHead,
    { query = "", keepAlive = true }: { query?: string; keepAlive?: boolean } = {},
  ) {
    this.method = head.method;
    this.path = head.path;
    this.query = new URLSearchParams(query);
    this.#head = head;
    this.#handle = handle;
    this.#keepAlive = keepAlive;
  }

  header(name: string): string | undefined {
    return this.#head.headers.find(([of]) => of === name)?.[1];
  }

  body(bytesMax: number): Promise<Uint8Array | undefined> {
    return new Promise((resolve) => {
      const pieces: Buffer[] = [];
      let bytes = 0;
      this.#handle.whenGone(() => resolve(undefined));
      this.#handle.whenHeard((piece, isLast) => {
        bytes += piece.length;
        // What is too long is read to its end, or the answer could not be sent, but not kept.
        if (bytes > bytesMax) pieces.length = 0;
        else pieces.push(Buffer.from(piece));
        // Not at once: in the library's call there must be no answer.
        if (isLast) setImmediate(() => resolve(bytes > bytesMax ? undefined : Buffer.concat(pieces)));
      });
    });
  }

  respond(status: number, headers: HttpHeaders, body: string | Uint8Array): void {
    if (this.#handle.isGone) return;
    const { response, visitor } = this.#handle;
    const { connection = "", ...others } = headers;
    const isHead = this.method === "HEAD";
    const ends = /\bclose\b/.test(connection) || !this.#keepAlive;
    // The library ends a connection only behind a body, and then says so in a field of its own.
    const ownEnd = ends && visitor !== undefined && (isHead || !/^(close)?$/.test(connection));
    this.#handle.answer(
      () => {
        response.cork(() => {
          this.#begin(status, ownEnd ? { ...others, connection: connection || "close" } : others);
          // Nothing is said of the length of nothing (RFC 9110 section 8.6); any argument would say something.
          if (status === 204) response.endWithoutBody();
          else if (isHead && (ownEnd || !ends)) this.#endHead(Buffer.byteLength(body));
          else response.end(isHead ? "" : body, ends && !ownEnd);
        });
        return true;
      },
      { thenEnds: ownEnd },
    );
  }

  async stream(status: number, headers: HttpHeaders, length: number, next: NextPiece): Promise<void> {
    const { response } = this.#handle;
    if (this.method === "HEAD") {
      if (this.#handle.isGone) return;
      this.#handle.answer(() => {
        response.cork(() => {
          this.#begin(status, headers);
          this.#endHead(length);
        });
        return true;
      });
      return;
    }
    let begun = false;
    for (let sent = 0; sent < length; ) {
      const piece = await next().catch((cause: unknown) => {
        if (begun && !this.#handle.isGone) response.close();
        throw cause;
      });
      if (this.#handle.isGone) return;
      const from = sent;
      let ok = true;
      this.#handle.answer(() => {
        let isWhole = false;
        response.cork(() => {
          if (!begun) this.#begin(status, headers);
          begun = true;
          [ok, isWhole] = response.tryEnd(piece, length);
        });
        return isWhole;
      });
      sent += piece.length;
      if (!ok) await this.#sendRest(piece, from, length);
      if (this.#handle.isGone) return;
    }
  }

  /** Goes on with a piece of which the socket has not taken all; resolves when it has, or when the client went away. */
  #sendRest(piece: Uint8Array, from: number, length: number): Promise<void> {
    const { response } = this.#handle;
    return new Promise((resolve) => {
      this.#handle.whenGone(resolve);
      response.onWritable((offset) => {
        let ok = true;
        this.#handle.answer(() => {
          const [isTaken, isWhole] = response.tryEnd(piece.subarray(offset - from), length);
          ok = isTaken;
          return isWhole;
        });
        if (ok) resolve();
        return ok;
      });
    });
  }

  /** With the length as an argument, the library would wait for a body to be sent. */
  #endHead(length: number): void {
    const { response } = this.#handle;
    response.writeHeader("content-length", String(length));
    response.endWithoutBody();
  }

  #begin(status: number, headers: HttpHeaders): void {
    const { response } = this.#handle;
    // The space behind the status is there without a reason phrase too (RFC 9112 section 4).
    response.writeStatus(`${status} ${STATUS_CODES[status] ?? ""}`);
    for (const [name, value] of Object.entries(headers)) response.writeHeader(name, value);
  }
}
