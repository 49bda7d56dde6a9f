import type { Proxies } from "../../server/transport/proxies.ts";
import { type HttpRequest, socketPath } from "../../server/transport/transport.ts";

const everyAddress = new Set(["0.0.0.0", "[::]"]);

/** How clients reach the servers of a deployment. */
export interface Reach {
  /** Whether the servers' URLs are public, given by who runs the deployment. */
  readonly isPublic: boolean;
  /** Whether there is one server alone: whoever asks it has found it. */
  readonly isLone: boolean;
  readonly proxies: Pick<Proxies, "trusts">;
}

/** Where a client opens a socket to a server. */
export interface ReachableAt {
  readonly url: string;
  /**
   * The same, relative to the request's URL (RFC 3986 section 4.2), where what the client asked leads to the server, too: it is right
   * through whatever stands between them.
   */
  readonly relative?: string;
}

/**
 * Where the client that asks reaches a server with this URL of its own. One that listens on every address has the host name to which the
 * client sent its request.
 */
export function reachableAt(
  url: string,
  request: Pick<HttpRequest, "header" | "remoteAddress">,
  { isPublic, isLone, proxies }: Reach,
): ReachableAt {
  if (isPublic) return { url };
  const isForwarded = proxies.trusts(request.remoteAddress);
  const relative = isLone || isForwarded ? { relative: socketPath.slice(1) } : {};
  return { url: (isForwarded ? forwardedUrl(request) : undefined) ?? ownUrl(url, request), ...relative };
}

function ownUrl(url: string, request: Pick<HttpRequest, "header">): string {
  const parsed = new URL(url);
  const asked = urlOf(`http://${request.header("host") ?? ""}`);
  if (asked === undefined || !everyAddress.has(parsed.hostname)) return url;
  parsed.hostname = asked.hostname;
  return parsed.href;
}

/** The socket's URL outside of a proxy that says where it is asked. */
function forwardedUrl(request: Pick<HttpRequest, "header">): string | undefined {
  const host = request.header("x-forwarded-host");
  const scheme = request.header("x-forwarded-proto");
  if (host === undefined || scheme === undefined) return undefined;
  const prefix = (request.header("x-forwarded-prefix") ?? "").replace(/\/+$/, "");
  const secure = scheme === "https" || scheme === "wss";
  return urlOf(`${secure ? "wss" : "ws"}://${host}${prefix}${socketPath}`)?.href;
}

function urlOf(text: string): URL | undefined {
  try {
    // Not `URL.canParse`: in Node 20 it accepts bytes beyond ASCII for which the constructor then throws.
    return new URL(text);
  } catch {
    return undefined;
  }
}
