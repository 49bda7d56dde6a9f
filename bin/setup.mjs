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

const [major, minor] = process.versions.node.split(".").map(Number);
if (major < nodeMin[0] || (major === nodeMin[0] && minor < nodeMin[1])) {
  fail(`Node ${process.version} is too old: install Node ${nodeMin.join(".")} or later`);
}

const installed = hashOf(
  ["package.json", "package-lock.json"],
  `${process.version} ${process.platform} ${process.arch}`,
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
whenChanged("dist/.fastchat-built", hashOf([...sources, "tsconfig.json"], installed), "building", () => {
  // What was compiled from a file that is gone must go too.
  rmSync(path.join(root, "dist"), { recursive: true, force: true });
  run(process.execPath, [path.join(root, "node_modules/typescript/bin/tsc")], "the build failed");
});

/** Does the work unless the stamp file says that it was done for this very state. */
function whenChanged(stampFile, state, what, work) {
  const stamp = path.join(root, stampFile);
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === state) return;
  process.stderr.write(`${what}…\n`);
  work();
  writeFileSync(stamp, state);
}

function hashOf(files, more) {
  const hash = createHash("sha256").update(more);
  for (const file of files) hash.update(`\0${file}\0`).update(readFileSync(path.join(root, file)));
  return hash.digest("hex");
}

function filesBelow(folder) {
  const absolute = path.join(root, folder);
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
