import { createHash } from "node:crypto";
import { accepted, type Parsed, refused } from "../../platform/result.ts";

/** Bytes of an answer to an upgrade at most; this program's servers send 129. */
const responseBytesMax = 8192;
/** RFC 6455 section 1.3. */
const acceptSuffix = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/**
 * A server's answer to a request for a WebSocket under this key: the bytes behind it where the server agrees, or why there is
 * no WebSocket. Undefined while the answer is not complete.
 */
export function readUpgrade(received: Buffer, key: string): Parsed<Uint8Array> | undefined {
  const end = received.subarray(0, responseBytesMax).indexOf("\r\n\r\n");
  if (end === -1) {
    return received.length < responseBytesMax ? undefined : refused("the answer to the upgrade has no end");
  }
  const head = received.subarray(0, end).toString("latin1");
  const [status = ""] = head.split("\r\n", 1);
  const accept = createHash("sha1")
    .update(key + acceptSuffix)
    .digest("base64");
  if (!status.startsWith("HTTP/1.1 101 ") || /\r\nsec-websocket-accept: *(\S+)/i.exec(head)?.[1] !== accept) {
    return refused(`no WebSocket there: ${status.slice(0, 100)}`);
  }
  return accepted(received.subarray(end + 4));
}
