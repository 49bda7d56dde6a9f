import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { strategyNames } from "../core/cluster/assigning/strategies.ts";
import { projectRoot } from "../core/platform/project-root.ts";
import { benchmarks, sharedCommands } from "./benchmarks.ts";
import { readmeTable, readmeTableInFile } from "./readme-table.ts";

const experiments = path.join(projectRoot, "bench/experiments");
const names = benchmarks.map(({ name }) => name);
const fileOf = (name: string) => path.join(experiments, `${name.replace(" ", "-")}.ts`);

test("each file of experiments/ is a benchmark of the list, and each benchmark has a file of its name", () => {
  const files = readdirSync(experiments).filter((file) => /^[\w-]+\.ts$/.test(file));
  assert.deepEqual(files.sort(), names.map((name) => path.basename(fileOf(name))).sort());
});

test("each benchmark has a test of its own, which calls acceptBenchmark", () => {
  for (const name of names) {
    const file = fileOf(name).replace(/\.ts$/, ".test.ts");
    assert.ok(existsSync(file), `${file} is missing`);
    assert.match(readFileSync(file, "utf8"), /^acceptBenchmark\(/m, `${file} does not call acceptBenchmark`);
  }
});

test("names differ, and those of two words begin with a shared command", () => {
  assert.equal(new Set(names).size, names.length);
  for (const name of names) {
    const [command = "", topic] = name.split(" ");
    assert.equal(topic !== undefined, command in sharedCommands, name);
  }
});

test("the table of commands in bench/README.md is the one that the list makes", () => {
  assert.equal(readmeTableInFile(), readmeTable(), "npm run schema brings it up to date");
});

test("the project's README.md names every benchmark, and its example every strategy", () => {
  const readme = readFileSync(path.join(projectRoot, "README.md"), "utf8");
  const commands = names.map((name) => (name === "quick" ? "npm start" : `fastchat bench ${name}`));
  for (const command of commands)
    assert.ok(readme.includes(command), `README.md does not name ${command}: add it to its commands`);
  for (const strategy of strategyNames) {
    const isShown = new RegExp(`│ ${strategy} +│`).test(readme);
    assert.ok(
      isShown,
      `README.md's example lacks ${strategy}: run npm start on a quiet machine, and put its table there`,
    );
  }
});

test("where several benchmarks share a command, each of its options belongs to one of them", () => {
  for (const command of Object.keys(sharedCommands)) {
    const options = benchmarks
      .filter(({ name }) => name.startsWith(`${command} `))
      .flatMap((benchmark) => Object.keys(benchmark.options));
    assert.equal(new Set(options).size, options.length, command);
  }
});
