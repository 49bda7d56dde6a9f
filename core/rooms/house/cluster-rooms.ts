import type { Room } from "../room.ts";

export const clusterRooms: readonly Room[] = [
  {
    path: "core/cluster",
    holds:
      "many servers as one: which server a client goes to, the bus, and the launcher, which starts servers and starts dead ones again",
    imports: [
      "core/platform",
      "core/wire",
      "core/store",
      "core/server",
      "core/e2ee/opaque-server.ts",
      "core/cluster/assigning",
      "core/cluster/bus",
      "core/cluster/tls",
      "core/cluster/launcher",
      "core/cluster/local-server",
    ],
  },
  {
    path: "core/cluster/assigning",
    holds: "which server a client goes to: roster, strategies, turns, `/assign`",
    imports: ["core/platform", "core/wire", "core/server"],
  },
  {
    path: "core/cluster/bus",
    holds: "the bus between servers that are threads of one process",
    imports: ["core/platform", "core/wire", "core/server/bus.ts"],
  },
  {
    path: "core/cluster/tls",
    holds: "how connections are encrypted, and certificates of our own",
    imports: ["core/platform", "core/server/transport", "core/cluster/serve-settings.ts"],
  },
  {
    path: "core/cluster/launcher",
    holds: "servers as threads: started, introduced to each other, started again",
    imports: [
      "core/platform",
      "core/wire",
      "core/server",
      "core/e2ee/opaque-server.ts",
      "core/e2ee/offload/opaque-tasks.ts",
      "core/cluster/assigning",
      "core/cluster/bus",
    ],
  },
  {
    path: "core/cluster/local-server",
    holds: "a machine's own server: the first chat starts it, and it ends when nobody needs it",
    imports: ["core/platform", "core/store/embedded/processes.ts", "core/store/embedded/run-as.ts"],
  },
];
