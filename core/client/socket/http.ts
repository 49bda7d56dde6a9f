import { type IncomingMessage, request as requestClear } from "node:http";
import { request as requestTls } from "node:https";
import type { TlsTrust } from "./tls-trust.ts";

export interface HttpAsked {
  readonly method?: "GET" | "PUT" | "DELETE";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  readonly tls?: TlsTrust | undefined;
  readonly signal?: AbortSignal | undefined;
  /** The request fails after this long without a byte. */
  readonly idleMsMax?: number;
  /** A connection of its own that ends with the answer, instead of one that stays open for the next request. */
  readonly ownConnection?: boolean;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

const idleMsMaxDefault = 15_000;

/** Sends a request and reads the whole answer; fails when there is none, or when it has more than `bytesMax`. */
export async function httpAsk(url: URL, bytesMax: number, asked: HttpAsked = {}): Promise<HttpAnswer> {
  const response = await httpOpen(url, asked);
  const pieces: Buffer[] = [];
  let bytes = 0;
  const body: AsyncIterable<Buffer> = response;
  for await (const piece of body) {
    bytes += piece.length;
    if (bytes > bytesMax) throw new Error(`${url.host} answers with more than ${bytesMax} bytes`);
    pieces.push(piece);
  }
  return { status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(pieces) };
}

/** Sends a request; the caller reads the answer's body. */
export function httpOpen(
  url: URL,
  { method = "GET", headers, body, tls, signal, idleMsMax, ownConnection }: HttpAsked,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const options = {
      method,
      timeout: idleMsMax ?? idleMsMaxDefault,
      headers: { ...headers, ...(body ? { "content-length": String(body.length) } : {}) },
      ...(signal ? { signal } : {}),
      ...(ownConnection ? { agent: false } : {}),
      ...(tls?.authority === undefined ? {} : { ca: tls.authority }),
    };
    const request = (url.protocol === "https:" ? requestTls : requestClear)(url, options, resolve);
    request.on("timeout", () => request.destroy(new Error(`${url.host} is silent`)));
    request.on("error", reject);
    request.end(body);
  });
}
