import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { projectRoot } from "../platform/project-root.ts";
import { Workshop } from "./workshop.ts";

const scratch = mkdtempSync(path.join(tmpdir(), "workshop-test-"));
after(() => rmSync(scratch, { recursive: true, force: true }));

/** A project with one source, whose test runner passes while the source says 1 or 5. */
function newProject(): string {
  const project = mkdtempSync(path.join(scratch, "project-"));
  const write = (file: string, text: string) => {
    mkdirSync(path.dirname(path.join(project, file)), { recursive: true });
    writeFileSync(path.join(project, file), text);
  };
  write("package.json", `{"type": "module"}`);
  write(
    "tsconfig.json",
    JSON.stringify({ compilerOptions: { outDir: "dist", rootDir: ".", types: [] }, files: ["source.ts"] }),
  );
  write("source.ts", "export const value: number = 1;\n");
  write(
    "dist/core/test-runner/main.js",
    `import { value } from "../../source.js";
     if (value === 2) console.log("failed: source.test.ts: the value is 1");
     process.exitCode = [1, 5].includes(value) ? 0 : value === 2 ? 1 : 2;`,
  );
  symlinkSync(path.join(projectRoot, "node_modules"), path.join(project, "node_modules"));
  return project;
}

test("a mutant is built and tested in a copy: caught, survived, refused by the compiler, or its tests could not be run", async () => {
  const project = newProject();
  const place = mkdtempSync(path.join(scratch, "place-"));
  const stopping = new AbortController();
  const workshop = await Workshop.copy(project, stopping.signal, place);
  const judged = (to: string) =>
    workshop.judge({
      promise: { document: "README.md", words: "" },
      file: "source.ts",
      from: "= 1",
      to,
      tests: ["source.test.ts"],
    });
  assert.deepEqual(await judged("= 2"), { kind: "caught", by: ["source.test.ts: the value is 1"] });
  assert.deepEqual(await judged("= 5"), { kind: "survived" }, "each mutant is by itself");
  const refused = await judged(`= "one"`);
  assert.equal(refused.kind, "refused");
  assert.match(refused.kind === "refused" ? refused.complaint : "", /not assignable/);
  assert.equal((await judged("= 3")).kind, "broken");
  await workshop.restore();
  assert.deepEqual(await workshop.test(["source.test.ts"]), { kind: "survived" }, "the source is whole again");
  assert.match(readFileSync(path.join(project, "source.ts"), "utf8"), /= 1/);
  assert.ok(!existsSync(path.join(project, "dist/source.js")), "nothing was built in the project itself");
  stopping.abort();
  assert.equal((await judged("= 2")).kind, "refused", "nothing runs after it was stopped");
  workshop.remove();
  assert.deepEqual(readdirSync(place), []);
});
