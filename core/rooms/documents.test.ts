import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { suite, test } from "node:test";
import { projectRoot } from "../platform/project-root.ts";
import { sourceFolders } from "./sources.ts";

/** The documents of the project, without CHANGELOG.md, which may name files of the past. */
const documents = [
  ...["README.md", "WORDS.md", "CONTRIBUTING.md"],
  ...[...sourceFolders, "sql"].flatMap((folder) =>
    readdirSync(path.join(projectRoot, folder), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".md"))
      .map((name) => path.posix.join(folder, name.replaceAll(path.sep, "/"))),
  ),
];

/** Files that programs write, and that no clone has. */
const writtenByPrograms = new Set(["secret.json", "settings.json", "key-pairs.json"]);

/** The files that a text names in code marks, and those that its links lead to. */
function filesNamedIn(text: string): string[] {
  const marked = text.matchAll(/`(?:node |dist\/)*([\w@./-]+\.(?:ts|mjs|json|cddl))`/g);
  const linked = text.matchAll(/\]\(([\w./-]+\.(?:md|ts|png|json))(?:#[^)]*)?\)/g);
  return [...marked, ...linked].map(([, file]) => file ?? "");
}

/**
 * Whether a file exists that a document names: by its name alone anywhere below the document's folder, or by its path from
 * there, from the root, or from `core/`.
 */
function exists(document: string, file: string): boolean {
  const folder = path.dirname(document);
  if (writtenByPrograms.has(file)) return true;
  // SECURITY.md names files of many rooms.
  const named = document === "core/e2ee/SECURITY.md" ? "core" : folder;
  if (!file.includes("/") && namesBelow(named).has(file)) return true;
  return [folder, ".", "core"].some((from) => existsSync(path.join(projectRoot, from, file)));
}

const namesByFolder = new Map<string, ReadonlySet<string>>();

function namesBelow(folder: string): ReadonlySet<string> {
  if (folder === ".") return new Set();
  const known = namesByFolder.get(folder);
  if (known) return known;
  const found = readdirSync(path.join(projectRoot, folder), { recursive: true, encoding: "utf8" });
  const names = new Set(found.map((file) => path.basename(file)));
  namesByFolder.set(folder, names);
  return names;
}

suite("documents", () => {
  for (const document of documents) {
    test(`${document} names files that exist`, () => {
      const named = filesNamedIn(readFileSync(path.join(projectRoot, document), "utf8"));
      assert.deepEqual([...new Set(named.filter((file) => !exists(document, file)))], []);
    });
  }

  test("a file that does not exist is noticed", () => {
    assert.deepEqual(filesNamedIn("see `core/no.ts` and [that](there.md#part), not `a.b` or [it](https://x.example)"), [
      "core/no.ts",
      "there.md",
    ]);
    assert.ok(!exists("README.md", "core/no.ts"));
  });
});
