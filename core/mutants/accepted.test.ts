import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { projectRoot } from "../platform/project-root.ts";
import { type Accepted, accepted, acceptedBy } from "./accepted.ts";

const survivor = {
  file: "core/a/b.ts",
  line: 3,
  code: "if (n === 0) return;",
  mutator: "BooleanLiteral",
  replacement: "",
};

test("a survivor is accepted by a row of its file or folder, with a piece of its code and with its mutator, where the row names them", () => {
  const row = (given: Omit<Accepted, "why">): Accepted => ({ ...given, why: "" });
  for (const fitting of [
    row({ in: "core/a/b.ts" }),
    row({ in: "core/a/" }),
    row({ in: "core/a/b.ts", code: "n === 0", mutator: "BooleanLiteral" }),
  ]) {
    assert.equal(acceptedBy(survivor, [row({ in: "core/other/" }), fitting]), fitting);
  }
  for (const other of [
    row({ in: "core/c/" }),
    row({ in: "core/a" }),
    row({ in: "core/a/", code: "n === 1" }),
    row({ in: "core/a/", mutator: "StringLiteral" }),
  ]) {
    assert.equal(acceptedBy(survivor, [other]), undefined);
  }
});

test("what is accepted is little, has its reason, and is still in the code", () => {
  assert.ok(accepted.length <= 120, `${accepted.length} rows: write tests instead`);
  for (const { in: place, code, why } of accepted) {
    assert.match(why, /^[A-Z].{20,}[^.]$/, `${place}: ${why}`);
    const absolute = path.join(projectRoot, place);
    assert.ok(existsSync(absolute), place);
    const files = statSync(absolute).isDirectory()
      ? readdirSync(absolute, { recursive: true, encoding: "utf8" }).map((file) => path.join(absolute, file))
      : [absolute];
    const sources = files.filter((file) => file.endsWith(".ts")).map((file) => readFileSync(file, "utf8"));
    assert.ok(code === undefined || sources.some((source) => source.includes(code)), `${place} does not have: ${code}`);
    assert.ok(code !== undefined || place.endsWith(".ts"), `${place}: a whole folder is too much to accept`);
  }
});
