import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { projectRoot } from "../platform/project-root.ts";
import { present } from "../testing/present.ts";

const text = readFileSync(path.join(projectRoot, "core/e2ee/SECURITY.md"), "utf8");
const [claimed = ""] = text.split("\n## What the servers learn");

/** A test as the document names it. */
interface Named {
  readonly file: string;
  readonly name: string;
}

const namedIn = (part: string): Named[] =>
  [...part.matchAll(/^- `([^`]+\.test\.ts)`: (.+)$/gm)].map(([, file = "", name = ""]) => ({ file, name }));

const sources = new Map<string, string>();
function sourceOf(file: string): string {
  const source = sources.get(file) ?? readFileSync(path.join(projectRoot, file), "utf8");
  sources.set(file, source);
  return source;
}

/** The titles of the tests in a file, as patterns: what a template puts in may be anything. */
function namesIn(source: string): RegExp[] {
  const escaped = (part: string) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  return [...source.matchAll(/\btest\(\s*(?:"((?:[^"\\]|\\.)*)"|`([^`]*)`)/g)].map(([, plain, composed = ""]) => {
    const parts: readonly string[] = plain === undefined ? composed.split(/\$\{[^}]*\}/) : [JSON.parse(`"${plain}"`)];
    return new RegExp(`^${parts.map(escaped).join(".+")}$`);
  });
}

test("every test that SECURITY.md names exists under that name in that file", () => {
  const named = namedIn(text);
  assert.ok(named.length > 70, `${named.length} are named`);
  for (const { file, name } of named) {
    assert.ok(
      namesIn(sourceOf(file)).some((pattern) => pattern.test(name)),
      `${file} has no test "${name}"`,
    );
  }
});

test("every limit for which SECURITY.md names a test has it", () => {
  const limits = [...text.matchAll(/\(`([\w-]+\.test\.ts)`,\s+"([^"]+)"\)/g)];
  assert.equal(limits.length, 2);
  const names = ["core/e2ee/rsa-fernet.test.ts", "core/client/vault/vault.test.ts"].flatMap((file) =>
    namesIn(sourceOf(file)),
  );
  for (const [, , name] of limits)
    assert.ok(
      names.some((pattern) => pattern.test(present(name).replace(/\s+/g, " "))),
      name,
    );
});

test("every claim of SECURITY.md names a test", () => {
  // A claim is a paragraph that begins in bold; the list that follows names its tests.
  const claims = claimed.split(/^(?=\*\*)/m).slice(1);
  assert.ok(claims.length > 30, `${claims.length} claims`);
  for (const claim of claims) assert.ok(namedIn(claim).length > 0, claim.slice(0, 100));
});
