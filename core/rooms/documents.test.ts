import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { suite, test } from "node:test";
import { z } from "zod";
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

/** The folders that a text names in code marks: `this/`. */
const foldersNamedIn = (text: string) =>
  [...text.matchAll(/`([\w@.-][\w@./-]*)\/`/g)].map(([, folder]) => folder ?? "");

/** The patterns of file names that a text has in code marks: `*.test.ts`. */
const patternsNamedIn = (text: string) =>
  [...text.matchAll(/`([\w@./*-]*\*[\w@./*-]*\.(?:ts|mjs|json|md|sql|cddl))`/g)].map(([, pattern]) => pattern ?? "");

/** The scripts that a text calls by `npm run`, wherever. */
const scriptsNamedIn = (text: string) =>
  [...text.matchAll(/\bnpm run (?:--silent )?([\w:-]+)/g)].map(([, script]) => script ?? "");

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

/** Folders that programs write, and that no clone has. */
const foldersByPrograms = new Set(["dist", "results", "node_modules"]);

/** Whether a folder exists that a document names: by its path as a file's, or by its name below the document's folder. */
function folderExists(document: string, folder: string): boolean {
  return foldersByPrograms.has(folder) || exists(document, folder);
}

const projectFiles = [...sourceFolders, "sql"].flatMap((folder) =>
  readdirSync(path.join(projectRoot, folder), { recursive: true, encoding: "utf8" }).map((name) =>
    path.posix.join(folder, name.replaceAll(path.sep, "/")),
  ),
);

/** Whether a file of the project has a name, or the end of a path, of this pattern; `NNNN` stands for four digits. */
function isPatternOfSome(pattern: string): boolean {
  const escaped = pattern.replaceAll(".", "\\.").replaceAll("**/", "(?:.*/)?");
  const expression = new RegExp(`(?:^|/)${escaped.replaceAll(/(?<![.)])\*/g, "[^/]*").replaceAll("NNNN", "\\d{4}")}$`);
  return projectFiles.some((file) => expression.test(file));
}

const manifest = z
  .object({ scripts: z.record(z.string(), z.string()) })
  .parse(JSON.parse(readFileSync(path.join(projectRoot, "package.json"), "utf8")));

/** The folders whose README names every file, but tests and what is for tests alone. */
const foldersWithAllNamed = ["core/platform", "core/testing", "core/store", "core/server", "core/client", "loadgen"];

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

    test(`${document} names folders, patterns of files and scripts that exist`, () => {
      const text = readFileSync(path.join(projectRoot, document), "utf8");
      const wrong = [
        ...foldersNamedIn(text).filter((folder) => !folderExists(document, folder)),
        ...patternsNamedIn(text).filter((pattern) => !isPatternOfSome(pattern)),
        ...scriptsNamedIn(text).filter((script) => !(script in manifest.scripts)),
      ];
      assert.deepEqual([...new Set(wrong)], []);
    });
  }

  for (const folder of foldersWithAllNamed) {
    test(`${folder}/README.md names every file`, () => {
      const text = readFileSync(path.join(projectRoot, folder, "README.md"), "utf8");
      const named = new Set(filesNamedIn(text).map((file) => path.posix.basename(file)));
      const files = projectFiles
        .filter((file) => file.startsWith(`${folder}/`) && file.endsWith(".ts") && !/\.(?:test|fuzz)\.ts$/.test(file))
        .filter((file) => !path.posix.relative(folder, file).includes("testing/"));
      assert.deepEqual(
        files.filter((file) => !named.has(path.posix.basename(file))),
        [],
      );
    });
  }

  test("a folder, a pattern and a script that do not exist are noticed", () => {
    const text = "`bench/no/` and `bench/`, `*.no.ts` and `*.test.ts`, `npm run no` and npm run rooms";
    assert.deepEqual(foldersNamedIn(text), ["bench/no", "bench"]);
    assert.deepEqual(
      ["bench/no", "bench"].map((folder) => folderExists("README.md", folder)),
      [false, true],
    );
    assert.deepEqual(patternsNamedIn(text), ["*.no.ts", "*.test.ts"]);
    assert.deepEqual(["*.no.ts", "*.test.ts"].map(isPatternOfSome), [false, true]);
    assert.deepEqual(scriptsNamedIn(text), ["no", "rooms"]);
    assert.deepEqual(
      ["no", "rooms"].map((script) => script in manifest.scripts),
      [false, true],
    );
  });

  test("a file that does not exist is noticed", () => {
    assert.deepEqual(filesNamedIn("see `core/no.ts` and [that](there.md#part), not `a.b` or [it](https://x.example)"), [
      "core/no.ts",
      "there.md",
    ]);
    assert.ok(!exists("README.md", "core/no.ts"));
  });
});
