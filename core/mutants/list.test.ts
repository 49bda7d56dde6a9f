import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { projectRoot } from "../platform/project-root.ts";
import { allMutants } from "./all-mutants.ts";
import { mutated } from "./mutant.ts";

const contents = new Map<string, string>();
function contentOf(file: string): string {
  const content = contents.get(file) ?? readFileSync(path.join(projectRoot, file), "utf8");
  contents.set(file, content);
  return content;
}

/** A text without line breaks and marks, since a promise may be broken off anywhere in its document. */
const flat = (text: string) => text.replace(/[*\s]+/g, " ");

for (const [what, mutant] of Object.entries(allMutants)) {
  test(`a mutant changes one place, breaks a promise that is made, and names tests that exist: ${what}`, () => {
    const { promise, file, tests } = mutant;
    assert.notEqual(mutated(contentOf(file), mutant), contentOf(file));
    assert.ok(flat(contentOf(promise.document)).includes(flat(promise.words)), `${promise.document}: ${promise.words}`);
    assert.ok(tests.length > 0);
    for (const name of tests) assert.ok(existsSync(path.join(projectRoot, name)), name);
  });
}
