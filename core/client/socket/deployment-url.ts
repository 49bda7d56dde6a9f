import { Failure } from "../../platform/failure.ts";

/** The HTTP address of a deployment, from whatever way of writing it. */
export function deploymentUrl(address: string): URL {
  const withScheme = /^[a-z]+:\/\//i.test(address) ? address : `http://${address}`;
  try {
    const url = new URL(withScheme);
    url.protocol = url.protocol === "wss:" || url.protocol === "https:" ? "https:" : "http:";
    // A scheme that is none of the web's stays as it is.
    if (url.protocol === "https:" || url.protocol === "http:") return url;
    throw new Error(`nothing is known of ${url.protocol}`);
  } catch (cause) {
    throw new Failure("address_invalid", `"${address}" is no address`, "write host:port, or https://host:port", cause);
  }
}
