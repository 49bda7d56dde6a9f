import { type Room, tower } from "../room.ts";

/** What a server may import of the end-to-end encryption: it checks signatures, and can reach no private key. */
const publicOfE2ee = [
  "core/e2ee/public-identity.ts",
  "core/e2ee/entry-check.ts",
  "core/e2ee/opaque-server.ts",
] as const;

export const belowServer = ["core/platform", "core/wire", "core/store", ...publicOfE2ee] as const;

const ground: readonly Room[] = [
  {
    path: "core/server/transport",
    holds: "sockets and HTTP, over uWebSockets.js or ws",
    imports: ["core/platform", "core/wire"],
  },
  { path: "core/server/bus.ts", holds: "how a server reaches the others, as an interface", imports: ["core/wire"] },
  { path: "core/server/counters.ts", holds: "what metrics count", imports: [] },
];

const floors: readonly Room[] = [
  {
    path: "core/server/sessions",
    holds: "who is connected: sessions, tokens, budgets, gates",
    imports: belowServer,
  },
  {
    path: "core/server/groups",
    holds: "the groups that have members connected here: directory, changes, fan-out, presence, sweep",
    imports: belowServer,
  },
  {
    path: "core/server/server-context.ts",
    holds: "what requests find of a server",
    imports: belowServer,
  },
  {
    path: "core/server/requests",
    holds: "what is asked and replied, by subject",
    imports: belowServer,
  },
  { path: "core/server/sends", holds: "messages taken in, each in its turn", imports: belowServer },
  { path: "core/server/http", holds: "files, over HTTP", imports: belowServer },
];

export const serverRooms: readonly Room[] = tower(floors, ground);
