import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { suite, test } from "node:test";
import { projectRoot } from "../platform/project-root.ts";
import { sourceFolders } from "./sources.ts";

/** The documents of the project; CHANGELOG.md speaks of what was. */
const documents = [
  ...["README.md", "WORDS.md", "CONTRIBUTING.md"],
  ...[...sourceFolders, "sql"].flatMap((folder) =>
    readdirSync(path.join(projectRoot, folder), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".md"))
      .map((name) => path.posix.join(folder, name.replaceAll(path.sep, "/"))),
  ),
];

/** Files that programs write where they run, and that no clone has. */
const writtenByPrograms = new Set(["secret.json", "settings.json", "key-pairs.json"]);

/** Files as they are named in code marks, and where links lead. */
function filesNamedIn(text: string): string[] {
  const marked = text.matchAll(/`(?:node |dist\/)*([\w@./-]+\.(?:ts|mjs|json|cddl))`/g);
  const linked = text.matchAll(/\]\(([\w./-]+\.(?:md|ts|png|json))(?:#[^)]*)?\)/g);
  return [...marked, ...linked].map(([, file]) => file ?? "");
}

/** As one who reads in that folder looks for it: a name alone anywhere below, a path from there, from the root, or from `core/`. */
function isThere(document: string, file: string): boolean {
  const folder = path.dirname(document);
  if (writtenByPrograms.has(file)) return true;
  // What protects a group stands in many rooms.
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
    test(`${document} names files that there are`, () => {
      const named = filesNamedIn(readFileSync(path.join(projectRoot, document), "utf8"));
      assert.deepEqual([...new Set(named.filter((file) => !isThere(document, file)))], []);
    });
  }

  test("a file that is not there is found out", () => {
    assert.deepEqual(filesNamedIn("see `core/no.ts` and [that](there.md#part), not `a.b` or [it](https://x.example)"), [
      "core/no.ts",
      "there.md",
    ]);
    assert.ok(!isThere("README.md", "core/no.ts"));
  });
});
