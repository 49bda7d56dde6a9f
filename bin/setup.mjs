// Does what a fresh clone needs before anything can run: installs the dependencies and builds, each only when something
// has changed since the last time. Runs before `npm start` and `npm test`, with nothing but Node and npm there.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const sourceFolders = ["bin", "core", "gui", "loadgen", "bench"];
const nodeMin = [20, 19];
const compilerStamp = "dist/.fastchat-compiler";
const at = (file) => path.join(root, file);

const [major, minor] = process.versions.node.split(".").map(Number);
if (major < nodeMin[0] || (major === nodeMin[0] && minor < nodeMin[1])) {
  fail(`Node ${process.version} is too old: install Node ${nodeMin.join(".")} or later`);
}

const { dependencies, devDependencies, overrides, allowScripts } = JSON.parse(readFileSync(at("package.json"), "utf8"));
const installed = hashOf(
  ["package-lock.json"],
  JSON.stringify([
    process.version,
    process.platform,
    process.arch,
    dependencies,
    devDependencies,
    overrides,
    allowScripts,
  ]),
);
whenChanged("node_modules/.fastchat-installed", installed, "installing dependencies", () => {
  // npm tells its scripts where it is; by itself, it is on the path.
  const npm = process.env.npm_execpath;
  const [command, ...args] = npm ? [process.execPath, npm] : ["npm"];
  run(
    command,
    [...args, "ci", "--no-audit", "--no-fund", "--loglevel=error"],
    "npm ci failed: is the registry reachable?",
  );
});

const sources = sourceFolders.flatMap((folder) => filesBelow(folder)).filter((file) => /\.(ts|json)$/.test(file));
const compiler = hashOf(["tsconfig.json"], installed);
const outputs = sources
  .filter((file) => file.endsWith(".ts"))
  .flatMap((file) => [".js", ".js.map"].map((ending) => path.join("dist", file.replace(/\.ts$/, ending))));
whenChanged("dist/.fastchat-built", hashOf(sources, compiler), "building", () => {
  // The same compiler goes on from what it wrote the last time, which takes seconds instead of a minute.
  if (existsSync(at(compilerStamp)) && readFileSync(at(compilerStamp), "utf8") === compiler) removeStale();
  else rmSync(at("dist"), { recursive: true, force: true });
  compile();
  // It does not look whether what it wrote is still there.
  if (!outputs.every((file) => existsSync(at(file)))) {
    rmSync(at("dist"), { recursive: true, force: true });
    compile();
  }
  writeFileSync(at(compilerStamp), compiler);
});

/** What was compiled from a file that is gone must go too. */
function removeStale() {
  const wanted = new Set(outputs);
  for (const file of filesBelow("dist")) if (/\.js(\.map)?$/.test(file) && !wanted.has(file)) rmSync(at(file));
}

function compile() {
  run(process.execPath, [at("node_modules/typescript/bin/tsc")], "the build failed");
}

/** Does the work unless the stamp file says that it was done for this very state. */
function whenChanged(stampFile, state, what, work) {
  const stamp = at(stampFile);
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === state) return;
  process.stderr.write(`${what}…\n`);
  // Work that is cut off leaves neither this state nor the one before.
  rmSync(stamp, { force: true });
  work();
  writeFileSync(stamp, state);
}

function hashOf(files, more) {
  const hash = createHash("sha256").update(more);
  for (const file of files) hash.update(`\0${file}\0`).update(readFileSync(at(file)));
  return hash.digest("hex");
}

function filesBelow(folder) {
  const absolute = at(folder);
  if (!existsSync(absolute)) return [];
  return readdirSync(absolute, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(root, path.join(entry.parentPath ?? entry.path, entry.name)))
    .sort();
}

function run(command, args, complaint) {
  const done = spawnSync(command, args, { cwd: root, encoding: "utf8", maxBuffer: 64 * 1024 * 1024 });
  if (done.status === 0) return;
  process.stderr.write(`${done.stdout ?? ""}${done.stderr ?? ""}${done.error ? `${done.error.message}\n` : ""}`);
  fail(complaint);
}

function fail(complaint) {
  process.stderr.write(`${complaint}\n`);
  process.exit(1);
}
