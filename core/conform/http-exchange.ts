import { request as requestClear } from "node:http";
import { request as requestTls } from "node:https";
import { connect, isIP } from "node:net";
import { connect as connectTls } from "node:tls";
import type { TlsTrust } from "../client/index.ts";
import { messageOf } from "../platform/failure.ts";
import { Unmet } from "./expectation.ts";

export interface HttpAsk {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

const idleMsMax = 5000;

/** One request over a connection of its own, and its whole answer; one with `upgrade` that is granted has the status 101. */
export function exchange(
  url: URL,
  tls: TlsTrust,
  { method = "GET", headers, body }: HttpAsk = {},
): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const fail = (cause: unknown) => reject(new Unmet(`an answer to ${method} ${url.pathname}`, messageOf(cause)));
    const request = (url.protocol === "https:" ? requestTls : requestClear)(
      url,
      {
        method,
        agent: false,
        timeout: idleMsMax,
        servername: serverName(url),
        headers: { ...headers, ...(body ? { "content-length": String(body.length) } : {}) },
        ...(tls.authority === undefined ? {} : { ca: tls.authority }),
      },
      (response) => {
        const pieces: Buffer[] = [];
        response.on("data", (piece: Buffer) => pieces.push(piece));
        response.on("error", fail);
        response.on("end", () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: joined(response.headers),
            body: Buffer.concat(pieces),
          }),
        );
      },
    );
    request.on("upgrade", (response, socket) => {
      socket.destroy();
      resolve({ status: response.statusCode ?? 0, headers: joined(response.headers), body: Buffer.alloc(0) });
    });
    request.on("timeout", () => request.destroy(new Error("nothing")));
    request.on("error", fail);
    request.end(body);
  });
}

const hostOf = ({ hostname }: URL) => hostname.replace(/^\[|\]$/g, "");

/** The name that the certificate must have: not the one of a `host` field, which a case may have made wrong. */
const serverName = (url: URL) => (isIP(hostOf(url)) ? "" : hostOf(url));

function joined(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value ?? ""].flat().join(", ")]));
}

/** Sends bytes over a connection of its own; resolves with all that comes back until the server ends it, or is silent. */
export function exchangeBytes(url: URL, tls: TlsTrust, bytes: string): Promise<{ received: string; ended: boolean }> {
  return new Promise((resolve) => {
    const host = hostOf(url);
    const secure = url.protocol === "https:";
    const port = Number(url.port || (secure ? 443 : 80));
    const socket = secure
      ? connectTls({
          host,
          port,
          servername: serverName(url),
          ...(tls.authority === undefined ? {} : { ca: tls.authority }),
        })
      : connect({ host, port });
    let received = "";
    const end = (ended: boolean) => {
      socket.destroy();
      resolve({ received, ended });
    };
    socket.setTimeout(idleMsMax, () => end(false));
    socket.on("data", (piece) => {
      received += piece.toString("latin1");
    });
    socket.on("end", () => end(true));
    socket.on("error", () => end(true));
    socket.write(bytes, "latin1");
  });
}
