import { Failure } from "../../platform/failure.ts";

/** The HTTP address of a deployment, from any of the usual ways to write it; relative to it are its paths, such as `assign`. */
export function deploymentUrl(address: string): URL {
  const withScheme = /^[a-z]+:\/\//i.test(address) ? address : `http://${address}`;
  try {
    const url = new URL(withScheme);
    url.protocol = url.protocol === "wss:" || url.protocol === "https:" ? "https:" : "http:";
    // A socket's URL is as good as the deployment's, below which its paths are.
    url.pathname = `${url.pathname.replace(/(\/v1)?\/?$/, "")}/`;
    url.search = "";
    url.hash = "";
    // `URL` takes no web protocol in place of another scheme, and says nothing.
    if (url.protocol === "https:" || url.protocol === "http:") return url;
    throw new Error(`nothing is known of ${url.protocol}`);
  } catch (cause) {
    const [, ipv6] = /^(?:\w+:\/\/)?((?:[0-9a-f]*:){2,}[0-9a-f.]*)(?::\d+)?$/i.exec(address) ?? [];
    const advice =
      ipv6 === undefined
        ? "write host:port, or https://host:port"
        : "put an IPv6 address into brackets, such as [::1]:7400";
    throw new Failure("address_invalid", `"${address}" is no address`, advice, cause);
  }
}
