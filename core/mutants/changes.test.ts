import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { Failure } from "../platform/failure.ts";
import { changeSince } from "./changes.ts";

const scratch = mkdtempSync(path.join(tmpdir(), "changes-test-"));
after(() => rmSync(scratch, { recursive: true, force: true }));

const list = "core/mutants/list/gates.ts";
const row = (name: string, to: string) => `  "${name}": {\n    to: "${to}",\n  },\n`;

/** A project with two commits: the second one changes `b.ts`, and adds a row to a list. */
function project() {
  const root = mkdtempSync(path.join(scratch, "project-"));
  const write = (file: string, text: string) => {
    mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
    writeFileSync(path.join(root, file), text);
  };
  const git = (...args: readonly string[]) =>
    execFileSync("git", ["-c", "user.name=t", "-c", "user.email=t@t.invalid", ...args], { cwd: root, stdio: "ignore" });
  git("init", "-q");
  write("a.ts", "1");
  write("b.ts", "1");
  write(list, row("a gate is open", "x"));
  git("add", ".");
  git("commit", "-qm", "first");
  write("b.ts", "2");
  write(list, row("a gate is open", "x") + row("a gate is shut", "y"));
  git("commit", "-qam", "second");
  const changed = (since?: string) => {
    const { files, rows } = changeSince(root, since);
    return { files: [...files].sort(), rows: [...rows] };
  };
  return { write, git, changed };
}

test("a change is what is not committed, what git does not know yet included, or else the last commit", () => {
  const { write, git, changed } = project();
  assert.deepEqual(changed(), { files: ["b.ts", list], rows: ["a gate is shut"] });
  write("c.ts", "new");
  assert.deepEqual(changed(), { files: ["c.ts"], rows: [] });
  write("a.ts", "2");
  assert.deepEqual(changed(), { files: ["a.ts", "c.ts"], rows: [] });
  git("rm", "-q", "b.ts");
  assert.deepEqual(changed(), { files: ["a.ts", "c.ts"], rows: [] }, "what is gone touches nothing");
});

test("rows that were changed or are new count, in a list that git does not know, too", () => {
  const { write, changed } = project();
  write(list, row("a gate is open", "z") + row("a gate is shut", "y"));
  assert.deepEqual(changed().rows, ["a gate is open"]);
  write("core/mutants/list/more.ts", row("a gate creaks", "x"));
  assert.deepEqual(changed().rows.sort(), ["a gate creaks", "a gate is open"]);
});

test("since a commit everything counts, committed or not; a commit that git does not know is refused, also one like an option", () => {
  const { write, changed } = project();
  write("a.ts", "2");
  assert.deepEqual(changed("HEAD~1").files, ["a.ts", "b.ts", list]);
  for (const nonsense of ["nonsense", "--output=c.ts"]) {
    assert.throws(
      () => changed(nonsense),
      (cause) => cause instanceof Failure && cause.code === "git_failed",
    );
  }
  assert.deepEqual(changed().files, ["a.ts"], "nothing was written");
});
