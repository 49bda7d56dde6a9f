import { z } from "zod";
import { messageOf } from "../platform/failure.ts";
import { accepted, type Parsed, refused } from "../platform/parsed.ts";
import { httpAsk } from "./http.ts";
import type { TlsTrust } from "./tls-pin.ts";

/** Finds the server to connect to: its socket's URL. Asked again before each attempt. */
export type Dial = () => Promise<Parsed<string>>;

/** Always the same server. */
export function dialDirectly(url: string): Dial {
  return async () => accepted(url);
}

const assignment = z.object({ url: z.url({ protocol: /^wss?$/ }) });
const askMsMax = 5000;
const answerBytesMax = 64 * 1024;

/**
 * Whichever server the deployment's strategy picks: asks `/assign` at the address that everybody knows.
 *
 * `address` is `host:port` or a URL of it.
 */
export function dialAssigned(address: string, tls?: TlsTrust): Dial {
  const base = deploymentUrl(address);
  return async () => {
    try {
      const response = await httpAsk(new URL("/assign", base), answerBytesMax, { tls, idleMsMax: askMsMax });
      if (response.status !== 200) return refused(`${base.origin}/assign answers ${response.status}`);
      const parsed = assignment.safeParse(JSON.parse(response.body.toString()));
      if (!parsed.success) return refused(`${base.origin}/assign does not name a server`);
      const { url } = parsed.data;
      // Who was asked under encryption may not send anybody elsewhere in clear.
      if (base.protocol === "https:" && !url.startsWith("wss:"))
        return refused(`${base.origin}/assign names a server in clear`);
      return accepted(url);
    } catch (cause) {
      return refused(`${base.origin} does not answer: ${messageOf(cause)}`);
    }
  };
}

/** The HTTP address of a deployment, from whatever way of writing it. */
export function deploymentUrl(address: string): URL {
  const withScheme = /^[a-z]+:\/\//i.test(address) ? address : `http://${address}`;
  const url = new URL(withScheme);
  url.protocol = url.protocol === "wss:" || url.protocol === "https:" ? "https:" : "http:";
  return url;
}
