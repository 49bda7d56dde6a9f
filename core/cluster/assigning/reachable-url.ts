import type { HttpRequest } from "../../server/transport/transport.ts";

const everyAddress = new Set(["0.0.0.0", "[::]"]);

/**
 * A server's URL as whoever asks can reach it: one that listens on every address is reached under the host name by which it
 * was asked.
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
    // Not `URL.canParse`: in Node 20 it says yes to bytes beyond ASCII that the constructor then throws for.
    return new URL(`http://${header}`).hostname;
  } catch {
    return undefined;
  }
}
