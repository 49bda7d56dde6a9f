import { deploymentUrl, dialForVisit, type TlsTrust } from "../client/index.ts";
import { accepted } from "../platform/result.ts";
import { Unmet } from "./expectation.ts";

/** The server or deployment that is examined. */
export interface Target {
  /** The HTTP address that everybody knows; `assign` is relative to it. */
  readonly base: URL;
  readonly tls: TlsTrust;
  /** The URL of a socket: always the same where the address is a socket's, otherwise what `/assign` answers now. */
  socketUrl(): Promise<string>;
}

/** `address` is `ws://host:port/v1` for one server, or `host:port` or a URL for a deployment. */
export function targetAt(address: string, tls: TlsTrust): Target {
  const dial = /^wss?:\/\//i.test(address) ? async () => accepted(address) : dialForVisit(address, tls);
  return {
    base: deploymentUrl(address),
    tls,
    async socketUrl() {
      const url = await dial();
      if (!url.ok) throw new Unmet("/assign names a server", url.reason.detail);
      return url.value;
    },
  };
}

/** The HTTP address beside a socket's URL: `wss://host/path/v1` has `https://host/path/`. */
export function httpBeside(socketUrl: string): URL {
  return deploymentUrl(socketUrl);
}
