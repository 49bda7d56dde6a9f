import { clockReaders, computedImports, libraries } from "./libraries.ts";
import type { House, Room } from "./room.ts";

/** No module of Node: such a room reaches no file, no network and no process. */
const nothing: readonly string[] = [];

/** What a server may import of the end-to-end encryption: it checks signatures, and can reach no private key. */
const publicOfE2ee = [
  "core/e2ee/public-identity.ts",
  "core/e2ee/entry-check.ts",
  "core/e2ee/opaque-server.ts",
] as const;

const belowServer = ["core/platform", "core/wire", "core/store", ...publicOfE2ee] as const;
const serverFloors = [
  "transport",
  "bus.ts",
  "counters.ts",
  "sessions",
  "groups",
  "server-context.ts",
  "requests",
  "sends",
  "http",
].map((floor) => `core/server/${floor}`);
const belowClient = ["core/platform", "core/wire", "core/e2ee"] as const;
const clientFloors = [
  "text",
  "socket",
  "mail",
  "people",
  "group",
  "client.ts",
  "create-client.ts",
  "files",
  "vault",
  "account",
].map((floor) => `core/client/${floor}`);
/** The floors of a tower below this one. */
const floorsBelow = (floor: string, tower = clientFloors) => tower.slice(0, tower.indexOf(floor));
const belowOfServer = (floor: string) => [...belowServer, ...floorsBelow(`core/server/${floor}`, serverFloors)];

const loadgenRooms = (...names: readonly string[]) => names.map((name) => `loadgen/${name}`);
const benchRooms = (...names: readonly string[]) => names.map((name) => `bench/${name}`);

/**
 * Who may import whom. A file belongs to the innermost room that it is in, and may import its own room and what stands in that
 * room's line. Tests (`*.test.ts`, `*.fuzz.ts`), rooms that are for tests and every folder `testing` may import everything, and
 * nothing else may import them.
 */
const rooms: readonly Room[] = [
  {
    path: "core/platform",
    holds: "clock, chance, log, queue, settings, the pool of threads that compute: no chat words",
    imports: [],
  },
  {
    path: "core/wire",
    holds: "what travels: frames, limits, error codes, membership entries",
    imports: ["core/platform"],
    builtins: nothing,
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
    imports: [...belowServer, ...serverFloors],
  },
  {
    path: "core/server/transport",
    holds: "sockets and HTTP, over uWebSockets.js or ws",
    imports: ["core/platform", "core/wire"],
  },
  { path: "core/server/bus.ts", holds: "how a server reaches the others, as an interface", imports: ["core/wire"] },
  { path: "core/server/counters.ts", holds: "what metrics count", imports: [] },
  {
    path: "core/server/sessions",
    holds: "who is connected: sessions, tokens, budgets, gates",
    imports: belowOfServer("sessions"),
  },
  {
    path: "core/server/groups",
    holds: "the groups that have members connected here: directory, changes, fan-out, presence, sweep",
    imports: belowOfServer("groups"),
  },
  {
    path: "core/server/server-context.ts",
    holds: "what requests find of a server",
    imports: belowOfServer("server-context.ts"),
  },
  {
    path: "core/server/requests",
    holds: "what is asked and replied, by subject",
    imports: belowOfServer("requests"),
  },
  { path: "core/server/sends", holds: "messages taken in, each in its turn", imports: belowOfServer("sends") },
  { path: "core/server/http", holds: "files, over HTTP", imports: belowOfServer("http") },
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
    imports: ["core/platform", "core/store/embedded/run-as.ts"],
  },
  {
    path: "core/client",
    holds: "the other end, behind one door",
    imports: [...belowClient, ...clientFloors],
    door: "core/client/index.ts",
  },
  {
    path: "core/client/text",
    holds: "what is done with others' text: made harmless, mentions, titles, limits",
    imports: ["core/platform", "core/wire"],
    builtins: nothing,
  },
  {
    path: "core/client/socket",
    holds: "sockets and HTTP as a client needs them, and where to connect",
    imports: ["core/platform", "core/wire", ...floorsBelow("core/client/socket")],
  },
  {
    path: "core/client/mail",
    holds: "requests and their replies, feeds, the outbox: knows nothing of what is in messages",
    imports: ["core/platform", "core/wire", ...floorsBelow("core/client/mail")],
    builtins: nothing,
  },
  {
    path: "core/client/people",
    holds: "who somebody is: identities, pins, safety numbers",
    imports: [...belowClient, ...floorsBelow("core/client/people")],
    builtins: nothing,
  },
  {
    path: "core/client/group",
    holds: "one group as a member sees it: its log, keys, messages, changes",
    imports: [...belowClient, ...floorsBelow("core/client/group")],
    builtins: ["node:crypto"],
  },
  {
    path: "core/client/client.ts",
    holds: "a user's client, as its users see it",
    imports: [...belowClient, ...floorsBelow("core/client/client.ts")],
    builtins: nothing,
  },
  {
    path: "core/client/create-client.ts",
    holds: "assembles a client, the same for people and for simulated users",
    imports: [...belowClient, ...floorsBelow("core/client/create-client.ts")],
    builtins: nothing,
  },
  {
    path: "core/client/files",
    holds: "files up and down, chunk by chunk, sealed",
    imports: [...belowClient, "core/media", ...floorsBelow("core/client/files")],
  },
  {
    path: "core/client/vault",
    holds: "the account's encrypted database",
    imports: [...belowClient, ...floorsBelow("core/client/vault")],
  },
  {
    path: "core/client/account",
    holds: "an account at this machine: sign-up, login, profile, all together",
    imports: [...belowClient, ...floorsBelow("core/client/account")],
  },
  { path: "core/testing", holds: "servers, people, time and faults, for tests", imports: [], forTests: true },
  { path: "core/fuzz", holds: "feeds every parser nonsense", imports: [], forTests: true },
  { path: "core/test-runner", holds: "`npm test`", imports: [], forTests: true },
  { path: "core/rooms", holds: "who may import whom, and what holds the code to it", imports: [], forTests: true },
  {
    path: "gui",
    holds: "the terminal client, wired",
    imports: ["core/platform", "core/client", "gui"],
  },
  { path: "gui/keys", holds: "the table of key bindings", imports: ["core/platform"], builtins: nothing },
  {
    path: "gui/text",
    holds: "how wide text is, where its lines break, and how a sentence begins and ends",
    imports: ["core/client"],
    builtins: nothing,
  },
  {
    path: "gui/model",
    holds: "`update(state, event) → {state, effects}`: all behaviour, purely",
    imports: ["core/wire", "core/client", "gui/keys", "gui/text"],
    builtins: nothing,
  },
  {
    path: "gui/layout",
    holds: "what a state looks like, purely",
    imports: ["core/wire", "core/client", "gui/keys", "gui/text", "gui/model"],
    builtins: nothing,
  },
  {
    path: "gui/screens",
    holds: "draws the layout; the only import of blessed",
    imports: ["core/platform", "gui/keys", "gui/text", "gui/model", "gui/layout"],
    builtins: ["node:stream", "node:string_decoder"],
  },
  {
    path: "gui/terminal",
    holds: "the terminal itself: input, size, notifications, and leaving it as it was",
    imports: ["core/platform", "core/client"],
  },
  {
    path: "gui/preview",
    holds: "pictures as a terminal can show them",
    imports: ["core/platform", "core/media", "gui/model", "gui/layout", "gui/terminal"],
  },
  {
    path: "gui/effects",
    holds: "performs the effects with `core/client`, and emits what happens to the account as events",
    imports: ["core/platform", "core/wire", "core/client", "gui/text", "gui/model"],
  },
  {
    path: "loadgen",
    holds: "simulated users, and the audit",
    imports: ["core/platform", "core/wire", "core/client", "loadgen"],
  },
  {
    path: "loadgen/workload",
    holds: "what simulated users do, and when",
    imports: ["core/platform", "core/wire"],
  },
  {
    path: "loadgen/recorder",
    holds: "latencies, what the servers count, and whether figures count",
    imports: ["core/platform", "core/client", "loadgen/workload"],
  },
  {
    path: "loadgen/audit",
    holds: "what clients saw, held against the contract",
    imports: ["core/platform", "core/wire", "core/client", "loadgen/workload"],
  },
  {
    path: "loadgen/users",
    holds: "the users of one thread: who they are, what they write, who goes and comes back",
    imports: ["core/platform", "core/wire", "core/client", ...loadgenRooms("workload", "recorder", "audit")],
  },
  {
    path: "loadgen/threads",
    holds: "the threads that simulate users, and how they are called",
    imports: ["core/platform", "core/wire", ...loadgenRooms("workload", "recorder", "audit", "users")],
  },
  { path: "bench", holds: "the benchmarks", imports: ["core", "gui", "loadgen", "bench"] },
  { path: "bench/statistics", holds: "medians, spreads, what else the machine did", imports: ["core/platform"] },
  {
    path: "bench/document",
    holds: "the form of a result, and how it is kept while a run goes on",
    imports: ["core/platform", "loadgen", "bench/statistics"],
  },
  {
    path: "bench/report",
    holds: "tables, sentences and pages for people",
    imports: ["core/platform", "loadgen", ...benchRooms("statistics", "document")],
  },
  {
    path: "bench/started",
    holds: "what is started: databases, servers, what they are compared with, terminals",
    imports: ["core", "loadgen", ...benchRooms("statistics", "document")],
  },
  {
    path: "bench/measurement",
    holds: "how load is put on what was started, and read",
    imports: ["core", "loadgen", ...benchRooms("statistics", "document", "started")],
  },
  {
    path: "bench/micro",
    holds: "single operations, one way beside another",
    imports: ["core", "loadgen", ...benchRooms("statistics", "document", "report", "started")],
  },
  {
    path: "bench/experiments",
    holds: "a file for each benchmark",
    imports: [
      "core",
      "loadgen",
      "bench/benchmark.ts",
      "bench/options.ts",
      ...benchRooms("statistics", "document", "report", "started", "measurement", "micro"),
    ],
  },
  {
    path: "bin",
    holds: "the command line",
    imports: ["core/platform", "core/wire", "core/store", "core/cluster", "core/client", "gui", "loadgen", "bench"],
  },
];

/** The table that every import is checked against. */
export const house: House = {
  rooms,
  libraries,
  clockReaders,
  computedImports,
};
