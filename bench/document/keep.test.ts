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
// Results are written below the working directory.
beforeEach(() => process.chdir(mkdtempSync(path.join(scratch, "run-"))));

const run = (cells: number) => sampleRun(Array.from({ length: cells }, () => sampleCell()));

function options(of: { jsonFile?: string; signal?: AbortSignal; clock?: FakeClock } = {}) {
  return { jsonFile: undefined, signal: new AbortController().signal, clock: new FakeClock(), ...of };
}

/** The one result below `results/`; undefined if there is none. */
function onDisk(): CellsDocument | undefined {
  const [directory] = existsSync("results") ? readdirSync("results") : [];
  if (directory === undefined) return undefined;
  return kind.schema.parse(JSON.parse(readFileSync(path.join("results", directory, "results.json"), "utf8")));
}

const cellsIn = (document: CellsDocument | undefined) => document?.cells.length;

test("while a run goes on, a complete document of what it has measured is on disk, marked unfinished", async () => {
  const clock = new FakeClock();
  const kept = await keepMeasured(kind, options({ clock }), async (events) => {
    events.onStep?.("the first", { number: 1, of: 3 });
    events.onMeasured?.(run(1));
    assert.deepEqual(onDisk()?.partial, { reason: "unfinished", at: "1/3 the first" });
    events.onStep?.("the second", { number: 2, of: 3 });
    assert.deepEqual(onDisk()?.partial, { reason: "unfinished", at: "2/3 the second" }, "what is being measured now");
    assert.equal(cellsIn(onDisk()), 1);
    clock.stall(5000);
    const [directory = ""] = readdirSync("results");
    const opened = openSync(path.join("results", directory, "results.json"), "r");
    events.onMeasured?.(run(2));
    assert.equal(cellsIn(onDisk()), 2);
    const read = kind.schema.parse(JSON.parse(readFileSync(opened, "utf8")));
    assert.equal(cellsIn(read), 1, "a reader who opened the file before reads the document of then to its end");
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

test("results that come many times a second are written once a second, and all of them at the end", async () => {
  const clock = new FakeClock();
  const kept = await keepMeasured(kind, options({ clock }), async (events) => {
    for (let cells = 1; cells <= 30; cells++) {
      events.onMeasured?.(run(cells));
      clock.stall(90);
    }
    assert.equal(cellsIn(onDisk()), 25, "at 0, 1080 and 2160 ms");
    throw new Failure("broken", "it broke", "mend it");
  });
  assert.ok(kept.cause instanceof Failure && kept.cause.code === "broken");
  assert.equal(cellsIn(onDisk()), 30);
});

test("an interrupted run leaves what it has measured, marked interrupted, with the step that was under way", async () => {
  const stopping = new AbortController();
  const kept = await keepMeasured(kind, options({ signal: stopping.signal, jsonFile: "mine.json" }), async (events) => {
    events.onMeasured?.(run(2));
    events.onStep?.("the third");
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

test("a failed run leaves what it has measured, with the failure's code, and answers the failure", async () => {
  const failure = new Failure("server_failed", "the server ended", "see its log");
  const kept = await keepMeasured(kind, options(), async (events) => {
    events.onMeasured?.(run(1));
    throw failure;
  });
  assert.equal(kept.cause, failure);
  assert.deepEqual(onDisk()?.partial, { reason: "failed", at: "starting", detail: "server_failed: the server ended" });
});

test("a run that has measured nothing writes no file", async () => {
  const kept = await keepMeasured(kind, options(), () => Promise.reject(new Error("at once")));
  assert.equal(kept.document, undefined);
  assert.deepEqual(kept.files, []);
  assert.equal(onDisk(), undefined);
});

test("a run whose result cannot be written fails before it measures anything", async () => {
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
  assert.ok(!existsSync("nowhere"), "no directory is made for a mistyped path");
  await assert.rejects(keepMeasured(kind, options({ jsonFile: "." }), benchmark), {
    code: "results_not_written",
  });
  assert.equal(began, false);
});

test("a full disk does not end the measuring; the run answers its figures and the failure", async () => {
  const kept = await keepMeasured(kind, options(), async (events) => {
    rmSync("results", { recursive: true });
    writeFileSync("results", "a file");
    events.onMeasured?.(run(1));
    return run(2);
  });
  assert.equal(kept.document?.cells.length, 2);
  assert.ok(kept.cause instanceof Failure && kept.cause.code === "results_not_written");
});
