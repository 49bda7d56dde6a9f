import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { projectRoot } from "../core/platform/project-root.ts";
import { benchmarks } from "./benchmarks.ts";

const file = path.join(projectRoot, "bench/README.md");
const head = "| command | question |\n|---|---|\n";
const last = "| `fastchat load` | the same measurement on servers that run already |\n";

/** README.md's table of commands, as the list of benchmarks makes it. */
export function readmeTable(): string {
  const rows = benchmarks.map(({ name, question }) => {
    const alias = name === "quick" ? " (`npm start`)" : "";
    return `| \`fastchat bench ${name}\`${alias} | ${question} |\n`;
  });
  return head + rows.join("") + last;
}

/** README.md's table of commands, as the file has it now. */
export function readmeTableInFile(): string {
  const text = readFileSync(file, "utf8");
  return text.slice(text.indexOf(head), text.indexOf(last) + last.length);
}

export function writeReadmeTable(): void {
  const text = readFileSync(file, "utf8");
  writeFileSync(
    file,
    text.replace(readmeTableInFile(), () => readmeTable()),
  );
}
