import { execFileSync } from "node:child_process";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { systemClock } from "../platform/clock.ts";
import { wholeNumber } from "../platform/decimal.ts";
import { messageOf } from "../platform/failure.ts";
import { keysOf } from "../platform/keys-of.ts";
import { projectRoot } from "../platform/project-root.ts";
import { acceptedBy, type Survivor } from "./accepted.ts";
import { allMutants } from "./all-mutants.ts";
import { type Named, sampleOf, touchedBy, withWords } from "./selection.ts";
import { strykerRooms } from "./stryker-rooms.ts";
import { runStryker, sourcesOf } from "./stryker-run.ts";
import { type Verdict, Workshop } from "./workshop.ts";

const strykerRoomNames = keysOf(strykerRooms);

/** `npm run mutants`: puts each fault of the list into a copy of the project, and sees whether its tests fail. */
const usage = `npm run mutants -- [word…] [options]
  word             which mutants: a word of what is wrong, or of the path of the file or of a test; all without
  --changed        only those that a change touches: what is not committed, or else the last commit
  --since REV      only those that what has changed since this commit touches
  --sample N       N of them, others each day
  --stryker ROOM   instead of the list, mutates a whole room, or those of its files that the words or the change mean: ${strykerRoomNames.join(", ")}
  --at-once N      how many mutants of Stryker's are tried side by side; as many as there are cores unless said
  --list           names them
  --verbose        says which tests caught each, and why survivors of Stryker's are accepted
`;

const dayMs = 24 * 3600 * 1000;

const { values: given, positionals: words } = readArguments();
const print = (line: string) => void process.stdout.write(`${line}\n`);

if (given.help) process.stdout.write(usage);
else if (given.stryker !== undefined) await mutateRoom(given.stryker);
else {
  const chosen = choose();
  if (given.list) print(chosen.map(([what, { file }]) => `${file}: ${what}`).join("\n"));
  else await judgeAll(chosen);
}

function choose(): readonly Named[] {
  const named = withWords(allMutants, words);
  const changed = filesChanged();
  const touched = changed ? touchedBy(named, changed) : named;
  if (given.sample === undefined) return touched;
  const count = wholeNumber(given.sample) || fail("--sample: write how many mutants, a whole number from 1");
  return sampleOf(touched, count, Math.floor(systemClock.now() / dayMs));
}

/** The files of the change that is meant, if one is. */
function filesChanged(): ReadonlySet<string> | undefined {
  const since = given.since ?? (given.changed ? (git("status", "--porcelain", "-uno") ? "HEAD" : "HEAD~1") : undefined);
  return since === undefined ? undefined : new Set(lines(git("diff", "--name-only", since)));
}

/** Mutates a room, or what the words and the change mean of it. */
async function mutateRoom(name: string): Promise<void> {
  const room =
    strykerRoomNames.find((of) => of === name) ?? fail(`--stryker: write one of ${strykerRoomNames.join(", ")}`);
  const changed = filesChanged();
  const files = sourcesOf(strykerRooms[room], projectRoot).filter(
    (file) => (!changed || changed.has(file)) && (words.length === 0 || words.some((word) => file.includes(word))),
  );
  if (files.length === 0) return print(`nothing of ${room} is meant`);
  const atOnce = wholeNumber(given["at-once"]) || fail("--at-once: write how many mutants, a whole number from 1");
  const { killed, survivors } = await runStryker(strykerRooms[room], files, atOnce);
  const unexplained = survivors.filter((survivor) => !acceptedBy(survivor));
  for (const survivor of given.verbose ? survivors : unexplained) print(described(survivor));
  const all = killed + survivors.length;
  print(
    `\n${room}: ${killed} of ${all} mutants killed, ${((100 * killed) / all).toFixed(1)}%; ` +
      `of the others ${survivors.length - unexplained.length} are accepted, and ${unexplained.length} are not`,
  );
  if (unexplained.length > 0) process.exitCode = 1;
}

function described(survivor: Survivor): string {
  const { file, line, mutator, code, replacement } = survivor;
  const short = (text: string) => text.replace(/\s+/g, " ").trim().slice(0, 160);
  const why = acceptedBy(survivor)?.why;
  return `${file}:${line} ${mutator}: ${short(code)} → ${short(replacement)}${why === undefined ? "" : `\n${indented(why)}`}`;
}

async function judgeAll(chosen: readonly Named[]): Promise<void> {
  if (chosen.length === 0) return print("no mutant is touched");
  const workshop = await Workshop.copy(projectRoot);
  // Ctrl-C ends the tests that run, and then this program.
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => workshop.stop());
  try {
    await workshop.restore();
    const tests = [...new Set(chosen.flatMap(([, mutant]) => mutant.tests))];
    const sound = await workshop.test(tests);
    if (sound.kind !== "survived") throw new Error(`the tests fail without any mutant: ${reasonOf(sound)}`);
    const verdicts: Verdict[] = [];
    for (const [what, mutant] of chosen) {
      const from = systemClock.monotonic();
      const verdict = await workshop.judge(mutant);
      if (workshop.isStopped) break;
      verdicts.push(verdict);
      const seconds = ((systemClock.monotonic() - from) / 1000).toFixed(0);
      print(`${verdict.kind.padEnd(8)} ${mutant.file}: ${what}, ${seconds} s`);
      if (verdict.kind !== "caught" || given.verbose) print(indented(reasonOf(verdict)));
    }
    const caught = verdicts.filter(({ kind }) => kind === "caught").length;
    const stopped = verdicts.length < chosen.length ? `; stopped after ${verdicts.length}` : "";
    print(`\n${caught} of ${chosen.length} mutants caught${stopped}`);
    if (caught < chosen.length) process.exitCode = 1;
  } finally {
    workshop.remove();
  }
}

function reasonOf(verdict: Verdict): string {
  switch (verdict.kind) {
    case "caught":
      return verdict.by.join("\n");
    case "survived":
      return "its tests pass: write one that fails with it";
    case "refused":
      return `the compiler refuses it: write one that compiles\n${verdict.complaint}`;
    case "broken":
      return `the tests could not be run\n${verdict.complaint}`;
    default:
      return verdict satisfies never;
  }
}

function git(...args: readonly string[]): string {
  try {
    return execFileSync("git", args, { cwd: projectRoot, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }).trim();
  } catch (cause) {
    return fail(`what a change touches is read from git, and that failed: ${messageOf(cause)}`);
  }
}

function lines(text: string): string[] {
  return text.split("\n").filter(Boolean);
}

function indented(text: string): string {
  return text.replace(/^(?=.)/gm, "         ");
}

function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        changed: { type: "boolean", default: false },
        since: { type: "string" },
        sample: { type: "string" },
        stryker: { type: "string" },
        "at-once": { type: "string", default: String(availableParallelism()) },
        list: { type: "boolean", default: false },
        verbose: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    });
  } catch (cause) {
    return fail(messageOf(cause));
  }
}

function fail(complaint: string): never {
  process.stderr.write(`${complaint}\n`);
  process.exit(2);
}
