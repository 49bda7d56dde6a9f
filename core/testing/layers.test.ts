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
copyFileSync(path.join(projectRoot, ".oxlintrc.json"), path.join(place, ".oxlintrc.json"));
symlinkSync(path.join(projectRoot, "node_modules"), path.join(place, "node_modules"));

/** Whether the checker complains about a file of this room that imports this. */
function refuses(file: string, imported: string): boolean {
  const absolute = path.join(place, file);
  mkdirSync(path.dirname(absolute), { recursive: true });
  writeFileSync(absolute, `import * as imported from "${imported}";\nexport const used = imported;\n`);
  const oxlint = path.join(place, "node_modules", ".bin", "oxlint");
  const run = spawnSync(oxlint, ["-f", "unix", absolute], { cwd: place, encoding: "utf8" });
  rmSync(absolute);
  return run.stdout.includes("no-restricted-imports");
}

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

test("a room may import the rooms below it, and no others", () => {
  for (const from of rooms) {
    for (const to of [...rooms, "testing"]) {
      if (from === to) continue;
      const expected = !allowed[from].includes(to);
      assert.equal(refuses(`core/${from}/probe.ts`, `../${to}/probe.ts`), expected, `${from} imports ${to}`);
    }
    for (const to of ["gui", "loadgen", "bench"]) {
      assert.ok(refuses(`core/${from}/probe.ts`, `../../${to}/probe.ts`), `${from} imports ${to}`);
    }
  }
});

test("what feeds a parser nonsense may use what tests use", () => {
  for (const room of ["core/wire", "core/e2ee", "core/server", "core/client", "core/platform"])
    assert.equal(refuses(`${room}/probe.fuzz.ts`, "../testing/probe.ts"), false, room);
  assert.equal(refuses("loadgen/probe.fuzz.ts", "../core/testing/probe.ts"), false);
});

test("a server may check what is public of an identity, and come near no private key", () => {
  for (const file of ["public-identity", "entry-check", "opaque-server"]) {
    assert.equal(refuses("core/server/probe.ts", `../e2ee/${file}.ts`), false, file);
  }
  for (const file of [
    "identity",
    "entry-signing",
    "fernet",
    "rsa-fernet",
    "key-wrap",
    "opaque-client",
    "message-seal",
  ]) {
    assert.ok(refuses("core/server/probe.ts", `../e2ee/${file}.ts`), file);
  }
});

test("each outside library that matters is imported in one place alone", () => {
  const homes: readonly (readonly [library: string, home: string, elsewhere: string])[] = [
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
  for (const [library, home, elsewhere] of homes) {
    assert.equal(refuses(home, library), false, `${library} in ${home}`);
    assert.ok(refuses(elsewhere, library), `${library} in ${elsewhere}`);
  }
});

test("the screen knows clients and not servers, and the load generator no database", () => {
  assert.equal(refuses("gui/model/probe.ts", "../../core/client/client.ts"), false);
  assert.ok(refuses("gui/model/probe.ts", "../../core/server/chat-server.ts"));
  assert.equal(refuses("loadgen/probe.ts", "../core/client/client.ts"), false);
  assert.ok(refuses("loadgen/probe.ts", "../core/store/database.ts"));
});

test("what the screen shows is worked out without a screen, and drawn without the account", () => {
  const below: Readonly<Record<string, readonly string[]>> = {
    keys: [],
    text: [],
    model: ["keys", "text"],
    layout: ["keys", "text", "model"],
    screens: ["keys", "text", "model", "layout"],
  };
  for (const [from, allowed] of Object.entries(below)) {
    for (const to of ["keys", "text", "model", "layout", "screens", "desk"]) {
      if (from === to) continue;
      const expected = !allowed.includes(to);
      assert.equal(refuses(`gui/${from}/probe.ts`, `../${to}/probe.ts`), expected, `${from} imports ${to}`);
    }
  }
});
