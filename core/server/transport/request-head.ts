import { type Answer, plainText } from "./transport.ts";

/** The first lines of an HTTP request. */
export interface RequestHead {
  /** In the case in which it came: methods are case-sensitive. */
  readonly method: string;
  /** The part of the target before `?`. */
  readonly path: string;
  /** Such as `1.1`. */
  readonly version: string;
  /** In the order in which they came, with their names in lower case. */
  readonly headers: readonly (readonly [name: string, value: string])[];
}

/** The values of all headers with this name. */
export function valuesOf({ headers }: RequestHead, name: string): string[] {
  return headers.filter(([of]) => of === name).map(([, value]) => value);
}

/** Whether a header that is a list, such as `Connection`, has this element. */
export function lists(head: RequestHead, name: string, element: string): boolean {
  const elements = valuesOf(head, name).flatMap((value) => value.split(","));
  return elements.some((one) => one.trim().toLowerCase() === element);
}

/**
 * The refusal of a head that HTTP/1 forbids, after which the connection ends; undefined for a valid head. Two servers that read
 * a forbidden head differently disagree about where the next request begins (RFC 9112 sections 3.2 and 6.3, and 11.2).
 */
export function headFault(head: RequestHead): Answer | undefined {
  const { version } = head;
  if (version !== "1.1" && version !== "1.0") {
    return closing(505, `http_version_not_supported: HTTP/1.1 and HTTP/1.0 are spoken here, not HTTP/${version}`);
  }
  const hosts = valuesOf(head, "host");
  if (hosts.length > 1 || (hosts.length === 0 && version === "1.1")) return badRequest("one Host header is needed");
  if (!hosts.every((host) => hostForm.test(host))) return badRequest("Host is no host");
  const lengths = valuesOf(head, "content-length");
  if (lengths.length > 1) return badRequest("there is more than one Content-Length header");
  if (!lengths.every((length) => lengthForm.test(length))) return badRequest("Content-Length is no length");
  const codings = valuesOf(head, "transfer-encoding");
  if (codings.length === 0) return undefined;
  if (version === "1.0") return badRequest("HTTP/1.0 has no Transfer-Encoding");
  if (lengths.length > 0) return badRequest("there are both Content-Length and Transfer-Encoding");
  if (codings.join().toLowerCase() !== "chunked") return badRequest("chunked is the only Transfer-Encoding here");
  return undefined;
}

/** A name or an address, and perhaps a port (RFC 3986 section 3.2.2); empty where the target has no host. */
const hostForm = /^(\[[\w.~!$&'()*+,;=:%-]+\]|[\w.~!$&'()*+,;=%-]*)(:\d*)?$/;

/** Every program reads numbers of up to 15 digits exactly. */
const lengthForm = /^\d{1,15}$/;

const badRequest = (detail: string) => closing(400, `bad_request: ${detail}`);

function closing(status: number, text: string): Answer {
  return { status, headers: { ...plainText, connection: "close" }, body: `${text}\n` };
}
