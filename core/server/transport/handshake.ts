import { hasMethod } from "./methods.ts";
import { lists, type RequestHead, valuesOf } from "./request-head.ts";
import { type Answer, type HttpHeaders, type HttpRequest, plainText } from "./transport.ts";

const version = "13";
/** The base64 form of 16 bytes. */
const keyForm = /^[A-Za-z0-9+/]{22}==$/;

/**
 * Whether this is a client's opening handshake in the form of RFC 6455 section 4.2.1. Subprotocols and extensions that it
 * offers are ignored: this server has none.
 */
export function isHandshake(head: RequestHead): boolean {
  return head.method === "GET" && faultOf(head) === undefined;
}

/** Answers a request to the socket's path that is no opening handshake. */
export function refuseHandshake(request: HttpRequest, head: RequestHead): void {
  if (!hasMethod(request, ["GET"])) return;
  const { status, headers, text } = faultOf(head) ?? notAsked;
  const plain = { ...plainText, connection: "close" };
  request.respond(status, { ...plain, ...headers }, `${text}\n`);
}

/** The answer to a handshake when there is no descriptor left for a WebSocket. */
export const noRoom: Answer = {
  status: 503,
  headers: { ...plainText, "retry-after": "1", connection: "close" },
  body: "server_full: this server can open no more sockets\n",
};

interface Fault {
  readonly status: number;
  readonly text: string;
  readonly headers?: HttpHeaders;
}

function faultOf(head: RequestHead): Fault | undefined {
  if (!lists(head, "connection", "upgrade") || !lists(head, "upgrade", "websocket")) return notAsked;
  if (head.version !== "1.1") return { status: 400, text: "bad_request: a WebSocket is asked for in HTTP/1.1" };
  if (valuesOf(head, "host").length !== 1) return { status: 400, text: "bad_request: one Host header is needed" };
  const versions = valuesOf(head, "sec-websocket-version");
  if (versions.length !== 1 || versions[0] !== version) {
    return upgradeRequired(`version ${version} of the WebSocket protocol is spoken here`);
  }
  const keys = valuesOf(head, "sec-websocket-key");
  if (keys.length !== 1 || !keyForm.test(keys[0] ?? "")) {
    return { status: 400, text: "bad_request: Sec-WebSocket-Key is 16 bytes in base64" };
  }
  return undefined;
}

/** RFC 9110 section 15.5.22, and RFC 6455 section 4.2.2 for the version. */
function upgradeRequired(detail: string): Fault {
  const headers = { upgrade: "websocket", connection: "upgrade, close", "sec-websocket-version": version };
  return { status: 426, text: `upgrade_required: ${detail}`, headers };
}

const notAsked = upgradeRequired("there is a WebSocket here; ask for it with an upgrade, as RFC 6455 says");
