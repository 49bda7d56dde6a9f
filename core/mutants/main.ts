import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { systemClock } from "../platform/clock.ts";
import { wholeNumber } from "../platform/decimal.ts";
import { Failure, messageOf } from "../platform/failure.ts";
import { keysOf } from "../platform/keys-of.ts";
import { projectRoot } from "../platform/project-root.ts";
import { acceptedBy, type Survivor } from "./accepted.ts";
import { allMutants } from "./all-mutants.ts";
import { type Change, changeSince } from "./changes.ts";
import { judgeAll } from "./judge-all.ts";
import { type Named, sampleOf, touchedBy, withWords } from "./selection.ts";
import { type StrykerRoom, strykerRooms } from "./stryker-rooms.ts";
import { runStryker, sourcesOf } from "./stryker-run.ts";
import { Workshop } from "./workshop.ts";

const strykerRoomNames = keysOf(strykerRooms);

/** `npm run mutants`: puts each fault of the list into a copy of the project, and sees whether its tests fail. */
const usage = `npm run mutants -- [word…] [options]
  word             which mutants: a word of what is wrong, or of the path of the file or of a test; all without
  --changed        only those that a change touches: what is not committed, or else the last commit
  --since REV      only those that what has changed since this commit touches
  --sample N       N of them, others each day
  --list           names them, with the promises that they break
  --verbose        names all tests that have caught each, and why survivors of Stryker's are accepted
  --stryker ROOM   instead of the list, mutates a whole room by its fast tests, or those of its files that words or change mean
  --at-once N      how many mutants of Stryker's are tried side by side; as many as there are cores unless said

rooms: ${strykerRoomNames.join(", ")}
The exit code is 0 when all mutants were caught or accepted, 1 when not, 2 when nothing could be said, 130 when it was interrupted.
`;

const dayMs = 24 * 3600 * 1000;

const { values: given, positionals: words } = readArguments();
const print = (line: string) => void process.stdout.write(`${line}\n`);
const stopping = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => stopping.abort());

try {
  process.exitCode = await obey();
} catch (cause) {
  if (stopping.signal.aborted) process.exitCode = 130;
  else if (cause instanceof Failure) fail(`${cause.code}: ${cause.message}; ${cause.advice}`);
  else throw cause;
}

async function obey(): Promise<number> {
  if (given.help) {
    process.stdout.write(usage);
    return 0;
  }
  if (given.stryker !== undefined) return mutateRoom(given.stryker);
  const chosen = choose();
  if (given.list) {
    for (const [what, { file, promise }] of chosen) print(`${file}: ${what} (${promise.document}: ${promise.words})`);
    return 0;
  }
  if (chosen.length === 0) {
    print("no mutant is touched");
    return 0;
  }
  const workshop = await Workshop.copy(projectRoot, stopping.signal);
  try {
    return await judgeAll(chosen, { workshop, clock: systemClock, print, verbose: given.verbose });
  } finally {
    workshop.remove();
  }
}

function choose(): readonly Named[] {
  if (given["at-once"] !== undefined) fail("--at-once: goes with --stryker alone");
  const named = withWords(allMutants, words);
  if (named.length === 0) fail(`no mutant has ${words.join(" or ")} in what is wrong, in its file or in its tests`);
  const change = changeMeant();
  const touched = change ? touchedBy(named, change) : named;
  if (given.sample === undefined) return touched;
  const count = wholeNumber(given.sample) || fail("--sample: write how many mutants, a whole number from 1");
  return sampleOf(touched, count, Math.floor(systemClock.now() / dayMs));
}

/** The change that is meant, if one is. */
function changeMeant(): Change | undefined {
  return given.since === undefined && !given.changed ? undefined : changeSince(projectRoot, given.since);
}

async function mutateRoom(name: string): Promise<number> {
  if (given.sample !== undefined) fail("--sample: goes with the list, not with --stryker");
  const room =
    strykerRoomNames.find((of) => of === name) ?? fail(`--stryker: write one of ${strykerRoomNames.join(", ")}`);
  const files = filesMeant(strykerRooms[room]);
  if (given.list || files.length === 0) {
    print(files.length === 0 ? `nothing of ${room} is touched` : files.join("\n"));
    return 0;
  }
  const atOnce =
    given["at-once"] === undefined
      ? availableParallelism()
      : wholeNumber(given["at-once"]) || fail("--at-once: write how many mutants, a whole number from 1");
  const { killed, survivors, untried } = await runStryker(strykerRooms[room], files, {
    atOnce,
    stopping: stopping.signal,
  });
  const unexplained = survivors.filter((survivor) => !acceptedBy(survivor));
  for (const survivor of given.verbose ? survivors : unexplained) print(described(survivor));
  const all = killed + survivors.length;
  print(
    `\n${room}: ${killed} of ${all} mutants killed${all === 0 ? "" : `, ${((100 * killed) / all).toFixed(1)}%`}; ` +
      `of the others ${survivors.length - unexplained.length} are accepted, and ${unexplained.length} are not`,
  );
  if (untried > 0) print(`${untried} more could not be tried: Stryker says why above`);
  return unexplained.length + untried > 0 ? 1 : 0;
}

/** The files of a room that the words and the change mean. */
function filesMeant(room: StrykerRoom): readonly string[] {
  const change = changeMeant();
  const named = sourcesOf(room, projectRoot).filter(
    (file) => words.length === 0 || words.some((word) => file.includes(word)),
  );
  if (named.length === 0) fail(`no source of the room has ${words.join(" or ")} in its path`);
  return change ? named.filter((file) => change.files.has(file)) : named;
}

function described(survivor: Survivor): string {
  const { file, line, mutator, code, replacement } = survivor;
  const short = (text: string) => text.replace(/\s+/g, " ").trim().slice(0, 160);
  const why = acceptedBy(survivor)?.why;
  return `${file}:${line} ${mutator}: ${short(code)} → ${short(replacement)}${why === undefined ? "" : ` (${why})`}`;
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
        "at-once": { type: "string" },
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
