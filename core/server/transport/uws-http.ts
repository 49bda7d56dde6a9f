import type * as uws from "uWebSockets.js";
import { STATUS_CODES } from "node:http";
import type { Proxies } from "./proxies.ts";
import { type RequestHead, valuesOf } from "./request-head.ts";
import type { HttpHeaders, HttpRequest, NextPiece } from "./transport.ts";

/** The head of a native request; the library accepts HTTP/1.1 alone. */
export function headOf(request: uws.HttpRequest, proxies: Proxies): RequestHead {
  const headers: [name: string, value: string][] = [];
  request.forEach((name, value) => headers.push([name, value]));
  const path = proxies.inside(request.getUrl());
  return { method: request.getCaseSensitiveMethod(), path, version: "1.1", headers };
}

/** The address of the other end, as it is usually written. */
export function addressOf(of: { getRemoteAddressAsText(): ArrayBuffer }): string {
  const text = Buffer.from(of.getRemoteAddressAsText()).toString();
  // The library writes an IPv6 address in full, also one that stands for an IPv4 address (RFC 4291 section 2.5.5.2).
  return text.includes(":") ? new URL(`http://[${text}]`).hostname.slice(1, -1) : text;
}

/** A native request. Its head is a copy: the library's own is invalid once the handler has returned. */
export class UwsRequest implements HttpRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly remoteAddress: string;
  readonly #head: RequestHead;
  readonly #response: uws.HttpResponse;
  readonly #keepAlive: boolean;
  #aborted = false;
  #whenAborted = () => {};

  constructor(
    response: uws.HttpResponse,
    head: RequestHead,
    { query = "", keepAlive = true }: { query?: string; keepAlive?: boolean } = {},
  ) {
    this.method = head.method;
    this.path = head.path;
    this.query = new URLSearchParams(query);
    this.remoteAddress = addressOf(response);
    this.#head = head;
    this.#response = response;
    this.#keepAlive = keepAlive;
    response.onAborted(() => {
      this.#aborted = true;
      this.#whenAborted();
    });
  }

  header(name: string): string | undefined {
    return valuesOf(this.#head, name)[0];
  }

  body(bytesMax: number): Promise<Uint8Array | undefined> {
    return new Promise((resolve) => {
      const pieces: Buffer[] = [];
      let bytes = 0;
      this.#whenAborted = () => resolve(undefined);
      this.#response.onData((piece, isLast) => {
        bytes += piece.byteLength;
        // A body that is too long is read to its end, or the answer could not be sent, but it is not kept.
        if (bytes > bytesMax) pieces.length = 0;
        else pieces.push(Buffer.from(piece.slice(0)));
        if (isLast) resolve(bytes > bytesMax ? undefined : Buffer.concat(pieces));
      });
    });
  }

  respond(status: number, headers: HttpHeaders, body: string | Uint8Array): void {
    if (this.#aborted) return;
    const response = this.#response;
    const ends = /\bclose\b/.test(headers["connection"] ?? "");
    response.cork(() => {
      this.#begin(status, headers);
      // An answer 204 has no length (RFC 9110 section 8.6); with any argument the library would write one.
      if (status === 204) response.endWithoutBody();
      else if (this.method !== "HEAD") response.end(body, ends || !this.#keepAlive);
      // The library ends a connection only after a body.
      else if (ends) response.end("", true);
      else this.#endHead(Buffer.byteLength(body));
    });
  }

  async stream(status: number, headers: HttpHeaders, length: number, next: NextPiece): Promise<void> {
    const response = this.#response;
    if (this.method === "HEAD") {
      if (this.#aborted) return;
      response.cork(() => {
        this.#begin(status, headers);
        this.#endHead(length);
      });
      return;
    }
    let begun = false;
    for (let sent = 0; sent < length; ) {
      const piece = await next().catch((cause: unknown) => {
        if (begun && !this.#aborted) this.#response.close();
        throw cause;
      });
      if (this.#aborted) return;
      const from = sent;
      let ok = true;
      response.cork(() => {
        if (!begun) this.#begin(status, headers);
        begun = true;
        [ok] = response.tryEnd(piece, length);
      });
      sent += piece.length;
      if (!ok) await this.#sendRest(piece, from, length);
      if (this.#aborted) return;
    }
  }

  /** Sends the rest of a piece that the socket has not taken whole; resolves when it has, or when the client went away. */
  #sendRest(piece: Uint8Array, from: number, length: number): Promise<void> {
    return new Promise((resolve) => {
      this.#whenAborted = resolve;
      this.#response.onWritable((offset) => {
        const [ok] = this.#response.tryEnd(piece.subarray(offset - from), length);
        if (ok) resolve();
        return ok;
      });
    });
  }

  /**
   * Ends an answer without a body. The length is written as a header: as an argument it would make the library wait for a body.
   */
  #endHead(length: number): void {
    this.#response.writeHeader("content-length", String(length));
    this.#response.endWithoutBody();
  }

  #begin(status: number, headers: HttpHeaders): void {
    // The space after the status is needed without a reason phrase, too (RFC 9112 section 4).
    this.#response.writeStatus(`${status} ${STATUS_CODES[status] ?? ""}`);
    for (const [name, value] of Object.entries(headers)) {
      // The library writes this header itself when it closes the connection.
      if (name !== "connection" || value !== "close") this.#response.writeHeader(name, value);
    }
  }
}
