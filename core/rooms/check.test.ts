import assert from "node:assert/strict";
import { test } from "node:test";
import { circles, importGraph, sentence, violations } from "./check.ts";
import { house } from "./house.ts";
import type { House } from "./room.ts";

/** The complaints about files with these texts. */
const complaints = (files: Readonly<Record<string, string>>, of: House = house) =>
  violations(of, importGraph(new Map(Object.entries(files)))).map(sentence);

const complaintsOf = (file: string, imported: string) => complaints({ [file]: `import { x } from "${imported}";\n` });

function refused(file: string, ...imported: readonly string[]): void {
  for (const target of imported) assert.equal(complaintsOf(file, target).length, 1, `${file} imports ${target}`);
}

function permitted(file: string, ...imported: readonly string[]): void {
  for (const target of imported) assert.deepEqual(complaintsOf(file, target), []);
}

const allowed: Readonly<Record<string, readonly string[]>> = {
  platform: [],
  wire: ["platform"],
  e2ee: ["platform", "wire"],
  media: ["platform"],
  store: ["platform", "wire"],
  server: ["platform", "wire", "store"],
  cluster: ["platform", "wire", "store", "server"],
  client: ["platform", "wire", "e2ee"],
};

test("a room may import the rooms below it, and no others", () => {
  for (const [from, may] of Object.entries(allowed)) {
    for (const to of [...Object.keys(allowed), "testing", "fuzz", "test-runner"]) {
      if (to === from) continue;
      const verdict = may.includes(to) ? permitted : refused;
      verdict(`core/${from}/probe.ts`, `../${to}/probe.ts`);
    }
    refused(`core/${from}/probe.ts`, "../../gui/probe.ts", "../../loadgen/probe.ts", "../../bench/probe.ts");
  }
});

test("a complaint says where, what and why", () => {
  const text = 'import { a } from "../platform/a.ts";\n\nimport { b } from "../server/b.ts";\n';
  assert.deepEqual(complaints({ "core/store/probe.ts": text }), [
    "core/store/probe.ts:3: imports core/server/b.ts: core/store may import core/platform, core/wire",
  ]);
});

test("a server may import what checks public identities, and nothing with private keys", () => {
  const file = "core/server/probe.ts";
  permitted(file, "../e2ee/public-identity.ts", "../e2ee/entry-check.ts", "../e2ee/opaque-server.ts");
  for (const kept of [
    "identity",
    "entry-signing",
    "fernet",
    "rsa-fernet",
    "key-wrap",
    "opaque-client",
    "message-seal",
  ]) {
    refused(file, `../e2ee/${kept}.ts`);
    refused("core/server/sessions/probe.ts", `../../e2ee/${kept}.ts`);
    refused("core/cluster/probe.ts", `../e2ee/${kept}.ts`);
  }
});

test("what stands beside core reaches the encryption, people and groups by the client's door alone", () => {
  for (const file of ["gui/effects/probe.ts", "gui/model/probe.ts", "loadgen/users/probe.ts"]) {
    permitted(file, "../../core/client/index.ts");
    refused(file, "../../core/e2ee/identity.ts", "../../core/client/client.ts", "../../core/client/people/trust.ts");
  }
  permitted("bin/probe.ts", "../core/client/index.ts");
  refused("bin/probe.ts", "../core/e2ee/identity-pem.ts", "../core/client/client.ts");
});

test("no way of importing gets past the table", () => {
  const ways = [
    'import { x } from "../e2ee/identity.ts";',
    'import type { X } from "../e2ee/identity.ts";',
    'import { type X } from "../e2ee/identity.ts";',
    'import "../e2ee/identity.ts";',
    'import * as x from "../e2ee/identity.ts";',
    'export { x } from "../e2ee/identity.ts";',
    'export * from "../e2ee/identity.ts";',
    'export * as x from "../e2ee/identity.ts";',
    'export type { X } from "../e2ee/identity.ts";',
    'const x = await import("../e2ee/identity.ts");',
    "const x = await import(`../e2ee/identity.ts`);",
    'type X = import("../e2ee/identity.ts").X;',
    'import { createRequire } from "node:module";\nconst need = createRequire(import.meta.url); need("../e2ee/identity.js");',
    'import { createRequire } from "node:module";\ncreateRequire(import.meta.url)("../e2ee/identity.js");',
    'import { createRequire } from "node:module";\nconst need = createRequire(import.meta.url); need.resolve("../e2ee/identity.js");',
    'const x = import.meta.resolve("../e2ee/identity.js");',
    'const thread = new Worker(new URL("../e2ee/identity.js", import.meta.url));',
  ];
  for (const way of ways) {
    const [complaint = "", ...others] = complaints({ "core/server/probe.ts": `${way}\n` });
    assert.match(complaint, /^core\/server\/probe\.ts:[12]: imports core\/e2ee\/identity\.ts: /, way);
    assert.deepEqual(others, [], way);
  }
});

test("an import whose target is only known when the program runs is refused", () => {
  for (const way of ["await import(name);", "import.meta.resolve(name);", "new URL(name, import.meta.url);"]) {
    const [complaint = ""] = complaints({ "core/store/probe.ts": `const name = process.argv[2];\n${way}\n` });
    assert.match(complaint, /probe\.ts:2: imports a target that is only known when the program runs/, way);
  }
});

test("an import in a comment or in a text is none", () => {
  const text =
    '// import { x } from "../e2ee/identity.ts";\nexport const x = \'await import("../e2ee/identity.ts")\';\n';
  assert.deepEqual(complaints({ "core/server/probe.ts": text }), []);
});

test("tests and fuzz targets may import the rooms for tests, and no other file may", () => {
  for (const room of ["core/wire", "core/e2ee", "core/server", "core/client", "core/platform"]) {
    permitted(`${room}/probe.fuzz.ts`, "../testing/probe.ts", "../fuzz/target.ts");
    permitted(`${room}/probe.test.ts`, "../testing/probe.ts");
  }
  permitted("loadgen/probe.fuzz.ts", "../core/testing/probe.ts");
  refused("loadgen/probe.ts", "../core/testing/probe.ts", "./testing/probe.ts", "./probe.test.ts");
  refused("bench/probe.ts", "../core/testing/probe.ts", "../core/fuzz/probe.ts");
  refused("bin/probe.ts", "../gui/testing/probe.ts");
});

test("each outside library that matters is imported in its own rooms alone", () => {
  const homes: readonly (readonly [library: string, home: string, elsewhere: string])[] = [
    ["pg", "core/store/probe.ts", "core/server/probe.ts"],
    ["pg-copy-streams", "core/store/ingest/probe.ts", "core/cluster/probe.ts"],
    ["uWebSockets.js", "core/server/transport/probe.ts", "core/server/probe.ts"],
    ["ws", "core/server/transport/probe.ts", "core/client/probe.ts"],
    ["libsql", "core/client/vault/probe.ts", "core/client/account/probe.ts"],
    ["@serenity-kit/opaque", "core/e2ee/probe.ts", "core/server/probe.ts"],
    ["blessed", "gui/screens/probe.ts", "gui/effects/probe.ts"],
    ["hdr-histogram-js", "loadgen/probe.ts", "core/client/probe.ts"],
    ["commander", "bin/probe.ts", "bench/probe.ts"],
    ["tinybench", "bench/micro/probe.ts", "bin/probe.ts"],
  ];
  for (const [library, home, elsewhere] of homes) {
    permitted(home, library);
    refused(elsewhere, library, `${library}/inside.js`);
  }
  refused("bin/probe.ts", "left-pad");
});

test("the terminal client imports clients and no servers, and the load generator no database", () => {
  permitted("gui/effects/probe.ts", "../../core/client/index.ts");
  refused("gui/effects/probe.ts", "../../core/server/chat-server.ts", "../../core/store/database.ts");
  permitted("loadgen/probe.ts", "../core/client/index.ts");
  refused("loadgen/probe.ts", "../core/store/database.ts", "../core/server/chat-server.ts");
});

test("the terminal client's model and layout import no screen, and its screens import no effects", () => {
  const may: Readonly<Record<string, readonly string[]>> = {
    keys: [],
    text: [],
    model: ["keys", "text"],
    layout: ["keys", "text", "model"],
    screens: ["keys", "text", "model", "layout"],
  };
  for (const [from, targets] of Object.entries(may)) {
    for (const to of ["keys", "text", "model", "layout", "screens", "effects"]) {
      if (to === from) continue;
      const verdict = targets.includes(to) ? permitted : refused;
      verdict(`gui/${from}/probe.ts`, `../${to}/probe.ts`);
    }
  }
  refused("gui/model/probe.ts", "node:fs");
});

test("each floor of the client imports those below it, and none above", () => {
  const floors = ["text", "socket", "mail", "people", "group", "files", "vault", "account"];
  for (const [height, from] of floors.entries()) {
    for (const [other, to] of floors.entries()) {
      if (other === height) continue;
      const verdict = other < height ? permitted : refused;
      verdict(`core/client/${from}/probe.ts`, `../${to}/probe.ts`);
    }
  }
  refused("core/client/group/probe.ts", "../client.ts");
  permitted("core/client/files/probe.ts", "../client.ts");
});

test("a room with a door is imported by its door alone", () => {
  const of: House = {
    ...house,
    rooms: [
      { path: "a", holds: "", imports: ["a/b"], door: "a/index.ts" },
      { path: "a/b", holds: "", imports: [] },
      { path: "c", holds: "", imports: ["a"] },
    ],
  };
  const files = {
    "a/index.ts": 'export * from "./b/x.ts";\n',
    "c/y.ts": 'import { x } from "../a/index.ts";\n',
  };
  assert.deepEqual(complaints(files, of), []);
  assert.deepEqual(complaints({ ...files, "c/z.ts": 'import { x } from "../a/b/x.ts";\n' }, of), [
    "c/z.ts:1: imports a/b/x.ts: a is entered by a/index.ts",
  ]);
});

test("a file that may not read clocks is refused timers, the time and chance of its own", () => {
  const ways = [
    "setTimeout(() => {}, 1);",
    "await new Promise(setImmediate);",
    "Date.now();",
    "new Date();",
    "performance.now();",
    "Math.random();",
    'import { setTimeout } from "node:timers/promises";',
    'import { systemClock } from "../platform/clock.ts";',
    'import * as clock from "../platform/clock.ts";',
    'await import("../platform/clock.ts");',
  ];
  for (const way of ways) {
    const found = complaints({ "core/server/probe.ts": `${way}\n` });
    assert.equal(found.length, 1, way);
    assert.match(found[0] ?? "", /time and chance are handed in/);
    assert.deepEqual(complaints({ "loadgen/probe.ts": `${way.replace("../", "../core/")}\n` }), [], way);
  }
  permitted("core/server/probe.ts", "../platform/clock.ts");
  assert.deepEqual(complaints({ "core/server/probe.ts": "new Date(0);\n" }), []);
});

test("files that import each other are found, however long the circle is", () => {
  const files = {
    "core/wire/a.ts": 'import { b } from "./b.ts";\n',
    "core/wire/b.ts": 'import type { C } from "./c.ts";\n',
    "core/wire/c.ts": 'export * from "./a.ts";\nimport { d } from "./d.ts";\n',
    "core/wire/d.ts": "export const d = 1;\n",
  };
  const found = circles(importGraph(new Map(Object.entries(files))));
  assert.deepEqual(found, [["core/wire/a.ts", "core/wire/b.ts", "core/wire/c.ts"]]);
  assert.equal(complaints(files).length, 3);
  assert.match(
    complaints(files)[0] ?? "",
    /a\.ts:1: imports core\/wire\/b\.ts: that is a circle with core\/wire\/b\.ts/,
  );
});
