import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { strategyNames } from "../core/cluster/assigning/strategies.ts";
import { projectRoot } from "../core/platform/project-root.ts";
import { benchmarks, sharedCommands } from "./benchmarks.ts";
import { readmeTable, readmeTableThere } from "./readme-table.ts";

const experiments = path.join(projectRoot, "bench/experiments");
const names = benchmarks.map(({ name }) => name);
const fileOf = (name: string) => path.join(experiments, `${name.replace(" ", "-")}.ts`);

/** Beside the benchmarks: `fastchat load`. */
const others = new Set(["load.ts", "load-settings.ts"]);

test("every file of experiments/ is a benchmark of the list, and every benchmark has a file that is called as it is", () => {
  const files = readdirSync(experiments).filter((file) => /^[\w-]+\.ts$/.test(file) && !others.has(file));
  assert.deepEqual(files.sort(), names.map((name) => path.basename(fileOf(name))).sort());
});

test("every benchmark has a test of its own, which asks of it what is asked of all", () => {
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

test("README.md has the list's table", () => {
  assert.equal(readmeTableThere(), readmeTable(), "npm run schema brings it up to date");
});

test("the project's README.md names every benchmark, and its example every strategy", () => {
  const readme = readFileSync(path.join(projectRoot, "README.md"), "utf8");
  const commands = names.map((name) => (name === "quick" ? "npm start" : `fastchat bench ${name}`));
  for (const command of commands) assert.ok(readme.includes(command), command);
  for (const strategy of strategyNames) assert.match(readme, new RegExp(`│ ${strategy} +│`));
});

test("the options of a command that several benchmarks share are each one benchmark's", () => {
  for (const command of Object.keys(sharedCommands)) {
    const options = benchmarks
      .filter(({ name }) => name.startsWith(`${command} `))
      .flatMap((benchmark) => Object.keys(benchmark.options));
    assert.equal(new Set(options).size, options.length, command);
  }
});
