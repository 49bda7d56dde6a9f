import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { projectRoot } from "../platform/project-root.ts";

/** The checker of layers is only worth something if it refuses what it must: it is given forbidden imports here. */
const place = mkdtempSync(path.join(tmpdir(), "layers-test-"));
after(() => rmSync(place, { recursive: true, force: true }));

/** What must come of it when a file of this room imports this. */
interface Claim {
  readonly file: string;
  readonly imported: string;
  readonly refused: boolean;
}

const refused = (file: string, imported: string): Claim => ({ file, imported, refused: true });
const permitted = (file: string, imported: string): Claim => ({ file, imported, refused: false });

const rooms = ["platform", "wire", "e2ee", "store", "server", "cluster", "client"] as const;
const allowed: Readonly<Record<(typeof rooms)[number], readonly string[]>> = {
  platform: [],
  wire: ["platform"],
  e2ee: ["platform", "wire"],
  store: ["platform", "wire"],
  server: ["platform", "wire", "store"],
  cluster: ["platform", "wire", "store", "server"],
  client: ["platform", "wire", "e2ee"],
};

/** What each folder of the screen may import of the others. */
const screenAllowed: Readonly<Record<string, readonly string[]>> = {
  keys: [],
  text: [],
  model: ["keys", "text"],
  layout: ["keys", "text", "model"],
  screens: ["keys", "text", "model", "layout"],
};

const libraryHomes: readonly (readonly [library: string, home: string, elsewhere: string])[] = [
  ["pg", "core/store/probe.ts", "core/server/probe.ts"],
  ["pg-copy-streams", "core/store/ingest/probe.ts", "core/cluster/probe.ts"],
  ["uWebSockets.js", "core/server/transport/probe.ts", "core/server/probe.ts"],
  ["ws", "core/server/transport/probe.ts", "core/client/probe.ts"],
  ["piscina", "core/e2ee/offload/probe.ts", "core/e2ee/probe.ts"],
  ["blessed", "gui/screens/probe.ts", "gui/model/probe.ts"],
  ["hdr-histogram-js", "loadgen/probe.ts", "core/client/probe.ts"],
  ["commander", "bin/probe.ts", "bench/probe.ts"],
  ["tinybench", "bench/micro/probe.ts", "bin/probe.ts"],
];

const ofRooms: readonly Claim[] = rooms.flatMap((from) => [
  ...[...rooms, "testing"]
    .filter((to) => to !== from)
    .map((to) => ({
      file: `core/${from}/probe.ts`,
      imported: `../${to}/probe.ts`,
      refused: !allowed[from].includes(to),
    })),
  ...["gui", "loadgen", "bench"].map((to) => refused(`core/${from}/probe.ts`, `../../${to}/probe.ts`)),
]);

const ofFuzzTargets: readonly Claim[] = [
  ...["core/wire", "core/e2ee", "core/server", "core/client", "core/platform"].map((room) =>
    permitted(`${room}/probe.fuzz.ts`, "../testing/probe.ts"),
  ),
  permitted("loadgen/probe.fuzz.ts", "../core/testing/probe.ts"),
];

const ofServers: readonly Claim[] = [
  ...["public-identity", "entry-check", "opaque-server"].map((file) =>
    permitted("core/server/probe.ts", `../e2ee/${file}.ts`),
  ),
  ...["identity", "entry-signing", "fernet", "rsa-fernet", "key-wrap", "opaque-client", "message-seal"].map((file) =>
    refused("core/server/probe.ts", `../e2ee/${file}.ts`),
  ),
];

const ofLibraries: readonly Claim[] = libraryHomes.flatMap(([library, home, elsewhere]) => [
  permitted(home, library),
  refused(elsewhere, library),
]);

const ofScreenAndLoad: readonly Claim[] = [
  permitted("gui/model/probe.ts", "../../core/client/client.ts"),
  refused("gui/model/probe.ts", "../../core/server/chat-server.ts"),
  permitted("loadgen/probe.ts", "../core/client/client.ts"),
  refused("loadgen/probe.ts", "../core/store/database.ts"),
];

const ofTheScreensFolders: readonly Claim[] = Object.entries(screenAllowed).flatMap(([from, may]) =>
  ["keys", "text", "model", "layout", "screens", "desk"]
    .filter((to) => to !== from)
    .map((to) => ({ file: `gui/${from}/probe.ts`, imported: `../${to}/probe.ts`, refused: !may.includes(to) })),
);

/** The linter takes a third of a second to start, so it sees a file for every claim at once. */
const refusedFiles = lint(
  [ofRooms, ofFuzzTargets, ofServers, ofLibraries, ofScreenAndLoad, ofTheScreensFolders].flat(),
);

test("a room may import the rooms below it, and no others", () => assertHold(ofRooms));

test("what feeds a parser nonsense may use what tests use", () => assertHold(ofFuzzTargets));

test("a server may check what is public of an identity, and come near no private key", () => assertHold(ofServers));

test("each outside library that matters is imported in one place alone", () => assertHold(ofLibraries));

test("the screen knows clients and not servers, and the load generator no database", () => assertHold(ofScreenAndLoad));

test("what the screen shows is worked out without a screen, and drawn without the account", () =>
  assertHold(ofTheScreensFolders));

function assertHold(claims: readonly Claim[]): void {
  for (const claim of claims) {
    const { file, imported } = claim;
    assert.equal(refusedFiles.has(fileOf(claim)), claim.refused, `${file} imports ${imported}`);
  }
}

/** A file of its own for each claim, in the folder and with the ending that it speaks of. */
function fileOf({ file, imported }: Claim): string {
  return file.replace("probe", `probe-${imported.replace(/[^a-z0-9]+/gi, "-")}`);
}

/** Which of the claims' files the checker complains about for what they import. */
function lint(probes: readonly Claim[]): ReadonlySet<string> {
  copyFileSync(path.join(projectRoot, ".oxlintrc.json"), path.join(place, ".oxlintrc.json"));
  symlinkSync(path.join(projectRoot, "node_modules"), path.join(place, "node_modules"));
  for (const probe of probes) {
    const absolute = path.join(place, fileOf(probe));
    mkdirSync(path.dirname(absolute), { recursive: true });
    writeFileSync(absolute, `import * as imported from "${probe.imported}";\nexport const used = imported;\n`);
  }
  const oxlint = path.join(place, "node_modules", ".bin", "oxlint");
  const run = spawnSync(oxlint, ["-f", "unix", "."], { cwd: place, encoding: "utf8" });
  assert.match(run.stdout, /^\d+ problems?$/m, `the linter ran to its end: ${run.stderr}`);
  const complaints = run.stdout.split("\n").filter((line) => line.includes("no-restricted-imports"));
  return new Set(complaints.map((line) => line.slice(0, line.indexOf(":"))));
}
