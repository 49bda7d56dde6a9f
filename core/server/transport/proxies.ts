import { BlockList, isIP } from "node:net";

/** What stands between a server and its clients. */
export interface ProxyOptions {
  /** Paths below which proxies pass requests on, such as `/fastchat`, for those that do not strip them; the longest come first. */
  readonly pathPrefixes?: readonly string[] | undefined;
  /** Addresses and networks (CIDR) whose `X-Forwarded-…` headers are believed. */
  readonly trustedProxies?: readonly string[] | undefined;
}

/** The proxies of these addresses and networks; undefined where one of them is none. */
export function proxiesAt(places: readonly string[]): BlockList | undefined {
  const proxies = new BlockList();
  for (const place of places) {
    const [address = "", bits, ...more] = place.split("/");
    const family = isIP(address);
    const bitsMax = family === 4 ? 32 : 128;
    const length = bits === undefined ? bitsMax : Number(bits);
    if (family === 0 || more.length > 0 || !/^\d{1,3}$/.test(bits ?? "0") || length > bitsMax) return undefined;
    proxies.addSubnet(address, length, family === 4 ? "ipv4" : "ipv6");
  }
  return proxies;
}

/** What a transport knows of the proxies before it. */
export class Proxies {
  readonly #prefixes: readonly string[];
  readonly #trusted: BlockList;

  constructor({ pathPrefixes = [], trustedProxies = [] }: ProxyOptions) {
    this.#prefixes = pathPrefixes;
    const trusted = proxiesAt(trustedProxies);
    if (!trusted) throw new Error(`no addresses: ${trustedProxies.join()}`);
    this.#trusted = trusted;
  }

  /** The path without the prefix below which the deployment is. */
  inside(path: string): string {
    const prefix = this.#prefixes.find((of) => path === of || path.startsWith(`${of}/`));
    return prefix === undefined ? path : path.slice(prefix.length) || "/";
  }

  /** The paths at which clients may ask for this one. */
  outside(path: string): readonly string[] {
    return [path, ...this.#prefixes.map((prefix) => prefix + path)];
  }

  trusts(address: string): boolean {
    const family = isIP(address);
    return family !== 0 && this.#trusted.check(address, family === 4 ? "ipv4" : "ipv6");
  }

  /** The address of the client behind the trusted proxies: the last in `X-Forwarded-For` that is none of theirs. */
  clientOf(peer: string, forwardedFor: readonly string[]): string {
    const hops = forwardedFor.flatMap((value) => value.split(",").map((hop) => hop.trim()));
    let client = peer;
    while (this.trusts(client)) {
      const before = hops.pop();
      if (before === undefined || isIP(before) === 0) break;
      client = before;
    }
    return client;
  }
}
