import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { Failure, messageOf } from "../platform/failure.ts";

/** What has changed in a project. */
export interface Change {
  /** Files that are other than they were, or new to git. */
  readonly files: ReadonlySet<string>;
  /** The names of mutants whose rows are other than they were, or new. */
  readonly rows: ReadonlySet<string>;
}

/** What differs from a commit; without one, what is not committed, or else the last commit. Fails as `git_failed`. */
export function changeSince(project: string, since?: string): Change {
  const git = (...args: readonly string[]) => {
    try {
      return execFileSync("git", args, { cwd: project, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
    } catch (cause) {
      const happened = `what a change touches is read from git, and that failed: ${messageOf(cause).trim()}`;
      throw new Failure("git_failed", happened, "name a commit that git knows, in a clone");
    }
  };
  const lines = (text: string) => text.split("\n").filter(Boolean);
  const unknown = new Set(lines(git("ls-files", "--others", "--exclude-standard")));
  const isClean = unknown.size === 0 && git("status", "--porcelain", "--untracked-files=no") === "";
  const revision = since ?? (isClean ? "HEAD~1" : "HEAD");
  const options = ["--name-only", "--relative", "--diff-filter=d", "--end-of-options"];
  const files = new Set([...unknown, ...lines(git("diff", ...options, revision, "--"))]);
  const before = (file: string) =>
    lines(git("ls-tree", "--name-only", revision, "--", file)).length === 0 ? "" : git("show", `${revision}:./${file}`);
  const rows = [...files]
    .filter((file) => file.startsWith("core/mutants/list/"))
    .flatMap((file) => newRows(before(file), readFileSync(path.join(project, file), "utf8")));
  return { files, rows: new Set(rows) };
}

/** The names of the rows of a list of mutants that an earlier text of it does not have as they are. */
function newRows(before: string, now: string): string[] {
  return [...now.matchAll(/^ {2}"([^"]+)": \{\n[\s\S]*?^ {2}\},$/gm)].flatMap(([row, name = ""]) =>
    before.includes(row) ? [] : [name],
  );
}
