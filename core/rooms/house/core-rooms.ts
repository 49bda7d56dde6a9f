import { noBuiltins, type Room } from "../room.ts";
import { belowClient, clientRooms } from "./client-rooms.ts";
import { clusterRooms } from "./cluster-rooms.ts";
import { belowServer, serverRooms } from "./server-rooms.ts";

const pathsOf = (rooms: readonly Room[]) => rooms.map(({ path }) => path);

export const coreRooms: readonly Room[] = [
  {
    path: "core/platform",
    holds: "clock, chance, log, queue, settings, the pool of threads that compute: no chat words",
    imports: [],
  },
  {
    path: "core/wire",
    holds: "what travels: frames, limits, error codes, membership entries",
    imports: ["core/platform"],
    builtins: noBuiltins,
  },
  {
    path: "core/wire/protocol",
    holds: "`npm run protocol`: writes the frame tables of PROTOCOL.md, and frames.cddl",
    imports: [],
    forTests: true,
  },
  {
    path: "core/e2ee",
    holds: "what only members can read: identities, suites, OPAQUE",
    imports: ["core/platform", "core/wire"],
  },
  {
    path: "core/media",
    holds: "what pictures are, a file for each format: kind, size, and metadata taken out",
    imports: ["core/platform"],
  },
  {
    path: "core/store",
    holds: "what is kept: PostgreSQL, the ingest writer, queries",
    imports: ["core/platform", "core/wire"],
  },
  {
    path: "core/server",
    holds: "one chat server: sessions, fan-out, history, metrics",
    imports: [...belowServer, ...pathsOf(serverRooms)],
  },
  ...serverRooms,
  ...clusterRooms,
  {
    path: "core/client",
    holds: "the other end, behind one door",
    imports: [...belowClient, ...pathsOf(clientRooms)],
    door: "core/client/index.ts",
  },
  ...clientRooms,
  {
    path: "core/conform",
    holds: "`fastchat conform`: does any server keep to PROTOCOL.md, case by case",
    imports: ["core/platform", "core/wire", "core/e2ee", "core/client"],
  },
  { path: "core/testing", holds: "servers, people, time and faults, for tests", imports: [], forTests: true },
  { path: "core/fuzz", holds: "feeds every parser nonsense", imports: [], forTests: true },
  { path: "core/mutants", holds: "`npm run mutants`: faults that tests must catch", imports: [], forTests: true },
  { path: "core/test-runner", holds: "`npm test`", imports: [], forTests: true },
  { path: "core/rooms", holds: "who may import whom, and what holds the code to it", imports: [], forTests: true },
];
