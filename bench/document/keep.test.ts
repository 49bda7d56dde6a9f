import assert from "node:assert/strict";
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, beforeEach, test } from "node:test";
import { Failure } from "../../core/platform/failure.ts";
import { FakeClock } from "../../core/testing/fake-clock.ts";
import { cellsOf } from "../report/cells.ts";
import type { CellsDocument } from "./cells-document.ts";
import { keepMeasured } from "./keep.ts";
import { sampleCell, sampleRun } from "./testing/sample-run.ts";

const kind = cellsOf<"quick" | "load">("quick");

const scratch = mkdtempSync(path.join(tmpdir(), "keep-test-"));
after(() => rmSync(scratch, { recursive: true, force: true }));
// Results go below the working directory.
beforeEach(() => process.chdir(mkdtempSync(path.join(scratch, "run-"))));

const run = (cells: number) => sampleRun(Array.from({ length: cells }, () => sampleCell()));

function options(of: { jsonFile?: string; signal?: AbortSignal; clock?: FakeClock } = {}) {
  return { jsonFile: undefined, signal: new AbortController().signal, clock: new FakeClock(), ...of };
}

/** The one result that is below `results/`, as long as there is one. */
function onDisk(): CellsDocument | undefined {
  const [directory] = existsSync("results") ? readdirSync("results") : [];
  if (directory === undefined) return undefined;
  return kind.schema.parse(JSON.parse(readFileSync(path.join("results", directory, "results.json"), "utf8")));
}

const cellsIn = (document: CellsDocument | undefined) => document?.cells.length;

test("what is measured is on disk while the run goes on, marked unfinished, as a whole", async () => {
  const clock = new FakeClock();
  const kept = await keepMeasured(kind, options({ clock }), async (watch) => {
    watch.onStep?.("the first", { number: 1, of: 3 });
    watch.onMeasured?.(run(1));
    assert.deepEqual(onDisk()?.partial, { reason: "unfinished", at: "1/3 the first" });
    watch.onStep?.("the second", { number: 2, of: 3 });
    assert.deepEqual(onDisk()?.partial, { reason: "unfinished", at: "2/3 the second" }, "what is being measured now");
    assert.equal(cellsIn(onDisk()), 1);
    clock.stall(5000);
    const [directory = ""] = readdirSync("results");
    const opened = openSync(path.join("results", directory, "results.json"), "r");
    watch.onMeasured?.(run(2));
    assert.equal(cellsIn(onDisk()), 2);
    const read = kind.schema.parse(JSON.parse(readFileSync(opened, "utf8")));
    assert.equal(cellsIn(read), 1, "who reads meanwhile reads one of them to its end");
    closeSync(opened);
    assert.deepEqual(readdirSync(path.join("results", directory)).sort(), ["report.html", "results.json"]);
    assert.match(readFileSync(path.join("results", directory, "report.html"), "utf8"), /PARTIAL RESULT/);
    return run(3);
  });
  assert.ifError(kept.cause);
  assert.deepEqual(kept.document, run(3));
  assert.equal(onDisk()?.partial, undefined);
  assert.equal(cellsIn(onDisk()), 3);
  assert.equal(kept.files.length, 2);
});

test("what is measured many times a second is written once a second, and all of it at the end", async () => {
  const clock = new FakeClock();
  const kept = await keepMeasured(kind, options({ clock }), async (watch) => {
    for (let cells = 1; cells <= 30; cells++) {
      watch.onMeasured?.(run(cells));
      clock.stall(90);
    }
    assert.equal(cellsIn(onDisk()), 25, "at 0, 1080 and 2160 ms");
    throw new Failure("broken", "it broke", "mend it");
  });
  assert.ok(kept.cause instanceof Failure && kept.cause.code === "broken");
  assert.equal(cellsIn(onDisk()), 30);
});

test("a run that is interrupted leaves what it has, marked so, with where it was", async () => {
  const stopping = new AbortController();
  const kept = await keepMeasured(kind, options({ signal: stopping.signal, jsonFile: "mine.json" }), async (watch) => {
    watch.onMeasured?.(run(2));
    watch.onStep?.("the third");
    stopping.abort();
    throw new Failure("interrupted", "the run was stopped", "start it again");
  });
  const partial = { reason: "interrupted", at: "the third" };
  assert.deepEqual(kept.document, { ...run(2), partial });
  assert.deepEqual(onDisk()?.partial, partial);
  assert.deepEqual(JSON.parse(readFileSync("mine.json", "utf8")).partial, partial);
  assert.ok(kept.files.includes("mine.json"));
  assert.ok(kept.cause instanceof Failure);
});

test("a run that fails leaves what it has, with the failure's code, and the failure is handed on", async () => {
  const failure = new Failure("server_failed", "the server ended", "see its log");
  const kept = await keepMeasured(kind, options(), async (watch) => {
    watch.onMeasured?.(run(1));
    throw failure;
  });
  assert.equal(kept.cause, failure);
  assert.deepEqual(onDisk()?.partial, { reason: "failed", at: "starting", detail: "server_failed: the server ended" });
});

test("a run that has measured nothing leaves nothing", async () => {
  const kept = await keepMeasured(kind, options(), () => Promise.reject(new Error("at once")));
  assert.equal(kept.document, undefined);
  assert.deepEqual(kept.files, []);
  assert.equal(onDisk(), undefined);
});

test("where nothing can be written, that is said before anything is measured", async () => {
  writeFileSync("results", "a file");
  let began = false;
  const benchmark = async () => {
    began = true;
    return run(1);
  };
  await assert.rejects(keepMeasured(kind, options(), benchmark), { code: "results_not_written" });
  rmSync("results");
  writeFileSync("taken", "a file");
  const elsewhere = options({ jsonFile: "taken/mine.json" });
  await assert.rejects(keepMeasured(kind, elsewhere, benchmark), { code: "results_not_written" });
  const mistyped = options({ jsonFile: "nowhere/deep/mine.json" });
  await assert.rejects(keepMeasured(kind, mistyped, benchmark), { code: "results_not_written" });
  assert.ok(!existsSync("nowhere"), "no directory is made of a mistyped one");
  await assert.rejects(keepMeasured(kind, options({ jsonFile: "." }), benchmark), {
    code: "results_not_written",
  });
  assert.equal(began, false);
});

test("a disk that takes nothing more does not end the measuring; the figures are there to be printed, and the fault", async () => {
  const kept = await keepMeasured(kind, options(), async (watch) => {
    rmSync("results", { recursive: true });
    writeFileSync("results", "a file");
    watch.onMeasured?.(run(1));
    return run(2);
  });
  assert.equal(kept.document?.cells.length, 2);
  assert.ok(kept.cause instanceof Failure && kept.cause.code === "results_not_written");
});
