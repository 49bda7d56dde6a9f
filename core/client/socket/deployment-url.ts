import { Failure } from "../../platform/failure.ts";

/** The HTTP address of a deployment, from any of the usual ways to write it. */
export function deploymentUrl(address: string): URL {
  const withScheme = /^[a-z]+:\/\//i.test(address) ? address : `http://${address}`;
  try {
    const url = new URL(withScheme);
    url.protocol = url.protocol === "wss:" || url.protocol === "https:" ? "https:" : "http:";
    // `URL` takes no web protocol in place of another scheme, and says nothing.
    if (url.protocol === "https:" || url.protocol === "http:") return url;
    throw new Error(`nothing is known of ${url.protocol}`);
  } catch (cause) {
    throw new Failure("address_invalid", `"${address}" is no address`, "write host:port, or https://host:port", cause);
  }
}
