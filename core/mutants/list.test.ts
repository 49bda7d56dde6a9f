import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { projectRoot } from "../platform/project-root.ts";
import { allMutants } from "./all-mutants.ts";
import { documents } from "./documents.ts";
import { mutated } from "./mutant.ts";

const contents = new Map<string, string>();
function contentOf(file: string): string {
  const content = contents.get(file) ?? readFileSync(path.join(projectRoot, file), "utf8");
  contents.set(file, content);
  return content;
}

/** A text without line breaks and marks, since a promise may be broken off anywhere in its document. */
const flat = (text: string) => text.replace(/[*\s]+/g, " ");

const all = Object.entries(allMutants);

test("each mutant changes one place of a file that exists", () => {
  assert.ok(all.length >= 150);
  for (const [what, mutant] of all) {
    const source = contentOf(mutant.file);
    assert.notEqual(mutated(source, mutant), source, what);
  }
});

test("each mutant breaks a promise that a document makes in these words", () => {
  for (const [what, { promise }] of all) {
    const said = flat(contentOf(promise.document)).split(flat(promise.words)).length - 1;
    assert.equal(said, 1, `${what}: "${promise.words}" stands ${said} times in ${promise.document}`);
    assert.ok(promise.words.length >= 20, `${what}: "${promise.words}" is no sentence`);
  }
});

test("each claim of SECURITY.md is broken by a mutant", () => {
  const [claimed = ""] = contentOf(documents.security).split("\n## What the servers learn");
  const claims = claimed.match(/^\*\*[\s\S]+?\*\*/gm) ?? [];
  assert.ok(claims.length > 30, `${claims.length} claims`);
  const broken = all.map(([, { promise }]) => flat(promise.words));
  const whole = (claim: string) => flat(claimed.slice(claimed.indexOf(claim)).split("\n\n", 1).join());
  const left = claims.filter((claim) => !broken.some((words) => whole(claim).includes(words)));
  assert.deepEqual(left, []);
});

test("each promise of the contract is broken by a mutant", () => {
  const [, contract = ""] = /^## The contract\n([\s\S]*?)^## /m.exec(contentOf(documents.readme)) ?? [];
  const promises = contract.split(/^(?=\d\. )/m).filter((part) => /^\d/.test(part));
  assert.equal(promises.length, 8);
  const broken = all
    .filter(([, { promise }]) => promise.document === documents.readme)
    .map(([, { promise }]) => promise);
  for (const promise of promises)
    assert.ok(
      broken.some(({ words }) => flat(promise).includes(flat(words))),
      promise,
    );
});

test("each mutant names tests that exist, and no two mutants have one name", () => {
  for (const [what, { tests }] of all) {
    assert.ok(tests.length > 0, what);
    for (const name of tests) assert.ok(existsSync(path.join(projectRoot, name)), `${what}: ${name}`);
  }
  const lists = readdirSync(path.join(projectRoot, "core/mutants/list"));
  const rows = lists.flatMap((file) => contentOf(`core/mutants/list/${file}`).match(/^  "[^"]+": \{$/gm) ?? []);
  assert.deepEqual([rows.length, new Set(rows).size], [all.length, all.length]);
});
