import assert from "node:assert/strict";
import type { FuzzTarget } from "../../fuzz/target.ts";
import { accepted, refused } from "../../platform/result.ts";
import { Proxies } from "../../server/transport/proxies.ts";
import { reachableAt } from "./reachable-url.ts";

const own = "ws://0.0.0.0:7401/v1";

export const targets: readonly FuzzTarget[] = [
  {
    // A client may choose the host of the URL that it gets, and nothing else of it.
    name: "host-headers",
    bytesMax: 8 * 1024,
    words: ["@", ":", "/", "?", "#", "[::1]", "%2f", "\\", " ", ":7400", "xn--", "ß", "127.1"],
    seeds: () =>
      ["chat.example", "chat.example:7400", "[2001:db8::1]:7400", "user:word@x", "a/b", ""].map((text) =>
        Buffer.from(text),
      ),
    run(bytes) {
      const header = (name: string) => (name === "host" ? Buffer.from(bytes).toString("latin1") : undefined);
      const reach = { isPublic: false, isLone: false, proxies: new Proxies({}) };
      const { url } = reachableAt(own, { header, remoteAddress: "192.0.2.1" }, reach);
      const { protocol, port, pathname, search, hash, username, hostname } = new URL(url);
      assert.deepEqual(
        { protocol, port, pathname, search, hash, username },
        { protocol: "ws:", port: "7401", pathname: "/v1", search: "", hash: "", username: "" },
      );
      assert.notEqual(hostname, "");
      return url === own ? refused("no host") : accepted("a host");
    },
    growth: { "a long name": (bytes) => Buffer.from("a.".repeat(bytes / 2)) },
  },
];
