import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { projectRoot } from "../platform/project-root.ts";
import { importGraph, isOfTests, reachedFrom, sentence, violations } from "./check.ts";
import { house } from "./house.ts";
import { readmesWithTables, withTable } from "./readme-tables.ts";
import { readSources } from "./sources.ts";

const graph = importGraph(readSources());

test("every file imports what its room may import, reads no clock that it may not read, and is in no circle", () => {
  assert.deepEqual(violations(house, graph).map(sentence), []);
});

test("a server's code reaches nothing of the end-to-end encryption but what is public", () => {
  const servers = [...graph.keys()].filter((file) => file.startsWith("core/server/") && !isOfTests(house, file));
  const reached = [...reachedFrom(graph, servers)].filter((file) => file.startsWith("core/e2ee/"));
  assert.deepEqual(reached.sort(), [
    "core/e2ee/entry-check.ts",
    "core/e2ee/opaque-server.ts",
    "core/e2ee/opaque-text.ts",
    "core/e2ee/public-identity.ts",
    "core/e2ee/small-order.ts",
  ]);
  for (const file of reached) {
    assert.doesNotMatch(readFileSync(path.join(projectRoot, file), "utf8"), /createPrivateKey|privateDecrypt|\bsign\(/);
  }
});

test("the folders and files that the table names exist", () => {
  const named = [
    ...house.rooms.flatMap(({ path: room, imports, door = room }) => [room, ...imports, door]),
    ...Object.values(house.libraries).flat(),
    ...house.clockReaders,
    ...house.computedImports,
  ];
  assert.deepEqual(
    named.filter((file) => !existsSync(path.join(projectRoot, file))),
    [],
  );
});

test("the table says which rooms may import each package that the programs depend on", () => {
  const { dependencies } = JSON.parse(readFileSync(path.join(projectRoot, "package.json"), "utf8"));
  const homeless = Object.keys(dependencies).filter((name) => !house.libraries[name]);
  assert.deepEqual(homeless, []);
});

test("the READMEs' lists of rooms are those of the table", () => {
  for (const readme of readmesWithTables) {
    const text = readFileSync(path.join(projectRoot, readme), "utf8");
    assert.equal(text, withTable(house, readme, text), `${readme} differs from the table: npm run rooms writes it`);
  }
});
