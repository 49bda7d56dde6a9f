import { accessSync, constants, mkdirSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import { Failure, messageOf } from "../../core/platform/failure.ts";
import type { RunDocument } from "./document.ts";
import type { DocumentKind } from "./document-kind.ts";
import { assertFileWritable } from "./file-to-write.ts";

const resultsDirectory = "results";
const notWritten = "results_not_written";

/** Fails where a run's document could not be written: called before anything is measured. */
export function assertWritable(jsonFile: string | undefined): void {
  writing(resultsDirectory, () => {
    mkdirSync(resultsDirectory, { recursive: true });
    accessSync(resultsDirectory, constants.W_OK);
  });
  if (jsonFile !== undefined) assertFileWritable(jsonFile, notWritten);
}

/**
 * Writes a run below `results/` of the working directory; answers the files. Each is replaced as a whole, so that a file is
 * complete whenever the program ends.
 */
export function writeDocument<Document extends RunDocument>(kind: DocumentKind<Document>, run: Document): string[] {
  const directory = path.join(resultsDirectory, `${run.startedAt.replace(/[:.]/g, "-")}-${run.benchmark}`);
  writing(directory, () => mkdirSync(directory, { recursive: true }));
  const json = path.join(directory, "results.json");
  replace(json, jsonOf(kind, run));
  if (!kind.html) return [json];
  const report = path.join(directory, "report.html");
  replace(report, kind.html(run));
  return [json, report];
}

/** Writes a run to the file that its user named, too. */
export function writeJson<Document extends RunDocument>(
  kind: DocumentKind<Document>,
  run: Document,
  jsonFile: string,
): void {
  replace(jsonFile, jsonOf(kind, run));
}

function jsonOf<Document extends RunDocument>({ schema }: DocumentKind<Document>, run: Document): string {
  return `${JSON.stringify(schema.parse(run), undefined, 2)}\n`;
}

function replace(file: string, content: string): void {
  writing(file, () => {
    const unfinished = `${file}.new`;
    writeFileSync(unfinished, content);
    renameSync(unfinished, file);
  });
}

function writing(file: string, work: () => void): void {
  try {
    work();
  } catch (cause) {
    throw new Failure(notWritten, `${file}: ${messageOf(cause)}`, "run it where you may write", cause);
  }
}
