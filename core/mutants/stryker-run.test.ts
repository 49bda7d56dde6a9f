import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { projectRoot } from "../platform/project-root.ts";
import { type StrykerRoom, strykerRooms } from "./stryker-rooms.ts";
import { resultOf, sourcesOf } from "./stryker-run.ts";

test("of a room's mutants those count as killed that made a test fail or hang, and those as survivors that no test noticed", () => {
  const mutant = (status: string, line: number) => ({
    id: `${line}`,
    mutatorName: "BooleanLiteral",
    replacement: "true",
    status,
    location: { start: { line, column: 1 }, end: { line: line + 1, column: 2 } },
  });
  const statuses = ["Killed", "Timeout", "Survived", "NoCoverage", "CompileError", "RuntimeError", "Ignored"];
  const report = {
    schemaVersion: "2",
    files: {
      "core/a.ts": { language: "typescript", source: "0\n1\n2\n3\n4\n5\n6\n7", mutants: statuses.map(mutant) },
    },
  };
  const survivor = { file: "core/a.ts", mutator: "BooleanLiteral", replacement: "true" };
  assert.deepEqual(resultOf(JSON.stringify(report)), {
    killed: 2,
    untried: 1,
    survivors: [
      { ...survivor, line: 2, code: "1\n2" },
      { ...survivor, line: 3, code: "2\n3" },
    ],
  });
});

test("the rooms that are mutated as a whole, and the tests that are left out, exist", () => {
  for (const { folders, without = [] } of Object.values<StrykerRoom>(strykerRooms)) {
    for (const folder of folders) assert.ok(existsSync(path.join(projectRoot, folder)), folder);
    const sources = sourcesOf({ folders }, projectRoot);
    assert.ok(sources.length > 0 && sources.every((file) => /^(?!.*(\.test|\.fuzz|testing\/)).*\.ts$/.test(file)));
    for (const file of without) assert.ok(existsSync(path.join(projectRoot, file)), file);
  }
});
