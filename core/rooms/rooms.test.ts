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

test("every file imports only what its room may, reads no clock of its own, and is in no circle", () => {
  assert.deepEqual(violations(house, graph).map(sentence), []);
});

test("whatever a server's code reaches of the end-to-end encryption is public", () => {
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

test("the table speaks of folders and files that there are", () => {
  const named = [
    ...house.rooms.flatMap(({ path: room, imports, door = room }) => [room, ...imports, door]),
    ...Object.values(house.libraries).flat(),
    ...house.clockReaders,
    ...house.computedImports,
  ];
  assert.deepEqual(
    named.filter((place) => !existsSync(path.join(projectRoot, place))),
    [],
  );
});

test("each package that the programs depend on has a home", () => {
  const { dependencies } = JSON.parse(readFileSync(path.join(projectRoot, "package.json"), "utf8"));
  const homeless = Object.keys(dependencies).filter((name) => !house.libraries[name]);
  assert.deepEqual(homeless, []);
});

test("the READMEs have the rooms as the table has them", () => {
  for (const readme of readmesWithTables) {
    const text = readFileSync(path.join(projectRoot, readme), "utf8");
    assert.equal(text, withTable(house, readme, text), `${readme} has another table: npm run rooms writes it`);
  }
});
