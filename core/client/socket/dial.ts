import { z } from "zod";
import { codeOf, messageOf } from "../../platform/failure.ts";
import { accepted, type Parsed, type Result, refused } from "../../platform/result.ts";
import { deploymentUrl } from "./deployment-url.ts";
import { httpAsk } from "./http.ts";
import type { TlsTrust } from "./tls-trust.ts";

/** Finds the server to connect to: its socket's URL. Asked again before each attempt. */
export type Dial = () => Promise<Result<string, DialRefusal>>;

export interface DialRefusal {
  /** `certificate_refused`: a server answers that may not be the deployment's. */
  readonly code: "offline" | "certificate_refused";
  readonly detail: string;
}

/** Dials always the same server. */
export function dialDirectly(url: string): Dial {
  return async () => accepted(url);
}

const assignment = z.object({ url: z.url({ protocol: /^wss?$/ }), relative: z.string().min(1).optional() });
const askMsMax = 10_000;
const answerBytesMax = 64 * 1024;

/**
 * Dials whichever server the deployment's strategy picks: asks for `assign` below the address that everybody knows.
 *
 * `address` is `host:port` or a URL of it.
 */
export function dialAssigned(address: string, tls?: TlsTrust): Dial {
  return dialAt(address, "assign", tls);
}

/**
 * The same for a visit, which ends soon, such as a sign-up or a file's transfer. The strategy does not count it, so the next
 * client that stays is sent where it would have been sent without the visit.
 */
export function dialForVisit(address: string, tls?: TlsTrust): Dial {
  return dialAt(address, "assign?visit=true", tls);
}

function dialAt(address: string, path: string, tls: TlsTrust | undefined): Dial {
  const base = deploymentUrl(address);
  return async () => {
    const answer = await askDeployment(base, path, tls);
    if (!answer.ok) return answer;
    const url = parseAssignment(answer.value, base);
    return url.ok ? url : offline(`${base.href}${path} ${url.reason}`);
  };
}

/**
 * The URL that the answer of `assign` below `base` names; where it is relative to the request's, too (RFC 3986 section 5), that one, which
 * leads through whatever stands between here and the server.
 */
export function parseAssignment(answer: unknown, base: URL): Parsed<string> {
  const parsed = assignment.safeParse(answer);
  const url = parsed.success ? socketUrl(parsed.data, base) : undefined;
  if (!url) return refused("does not name a server");
  // An answer that came under encryption may not send the client to a connection in clear.
  if (base.protocol === "https:" && url.protocol !== "wss:") return refused("names a server in clear");
  return accepted(url.href);
}

function socketUrl({ url, relative = url }: z.output<typeof assignment>, base: URL): URL | undefined {
  try {
    const whole = new URL(relative, base.href.replace(/^http/, "ws"));
    return /^wss?:$/.test(whole.protocol) ? whole : undefined;
  } catch {
    return undefined;
  }
}

/**
 * What a deployment answers to this path, from JSON.
 *
 * Each request has a connection of its own, as those of programs on different machines have. Otherwise ten thousand simulated
 * users of one process would share one, and a deployment that balances connections would see one client.
 */
export async function askDeployment(
  base: URL,
  path: string,
  tls: TlsTrust | undefined,
): Promise<Result<unknown, DialRefusal>> {
  try {
    const response = await httpAsk(new URL(path, base), answerBytesMax, {
      tls,
      idleMsMax: askMsMax,
      ownConnection: true,
    });
    if (response.status !== 200) return offline(`${base.href}${path} answers ${response.status}`);
    return accepted(JSON.parse(response.body.toString()));
  } catch (cause) {
    if (isCertificateError(cause)) {
      return refused({ code: "certificate_refused", detail: `${base.origin} is not trusted: ${messageOf(cause)}` });
    }
    return offline(`${base.origin} does not answer: ${messageOf(cause)}`);
  }
}

export const offline = (detail: string) => refused<DialRefusal>({ code: "offline", detail });

/** Whether an error is one of OpenSSL's or Node's about certificates (X509_V_ERR_…, ERR_TLS_…). */
function isCertificateError(cause: unknown): boolean {
  const code = codeOf(cause) ?? "";
  return /CERT|SIGNATURE|ALTNAME|ISSUER|^INVALID_(CA|PURPOSE)$/.test(code);
}
