import type { HttpRequest } from "../../server/transport/transport.ts";

const everyAddress = new Set(["0.0.0.0", "[::]"]);

/**
 * A server's URL for the client that asks: for a server that listens on every address it has the host name to which the client
 * sent its request.
 */
export function reachableUrl(url: string, request: Pick<HttpRequest, "header">): string {
  const parsed = new URL(url);
  const asked = hostOf(request.header("host"));
  if (asked === undefined || !everyAddress.has(parsed.hostname)) return url;
  parsed.hostname = asked;
  return parsed.href;
}

function hostOf(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  try {
    // Not `URL.canParse`: in Node 20 it accepts bytes beyond ASCII for which the constructor then throws.
    return new URL(`http://${header}`).hostname;
  } catch {
    return undefined;
  }
}
