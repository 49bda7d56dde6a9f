import { accessSync, constants, mkdirSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import { Failure, messageOf } from "../../core/platform/failure.ts";
import { assertFileWritable } from "./file-to-write.ts";
import { htmlReport } from "./report.ts";
import { type ResultsDocument, resultsSchema } from "./results.ts";

const resultsDirectory = "results";
const notWritten = "results_not_written";

/** Fails where a run's results could not be written, so that nobody finds out when all is measured. */
export function assertWritable(jsonFile: string | undefined): void {
  writing(resultsDirectory, () => {
    mkdirSync(resultsDirectory, { recursive: true });
    accessSync(resultsDirectory, constants.W_OK);
  });
  if (jsonFile !== undefined) assertFileWritable(jsonFile, notWritten);
}

/**
 * Writes a run below `results/` of the working directory; answers the files. Each is replaced as a whole, so that one that
 * is there is complete, whenever the program ends.
 */
export function writeResults(run: ResultsDocument): string[] {
  const directory = path.join(resultsDirectory, `${run.startedAt.replace(/[:.]/g, "-")}-${run.benchmark}`);
  const files = [path.join(directory, "results.json")];
  writing(directory, () => mkdirSync(directory, { recursive: true }));
  replace(files[0] as string, jsonOf(run));
  if (run.benchmark === "quick" || run.benchmark === "load") {
    const report = path.join(directory, "report.html");
    replace(report, htmlReport(run));
    files.push(report);
  }
  return files;
}

/** Writes a run where its user wants it, too. */
export function writeJson(run: ResultsDocument, jsonFile: string): void {
  replace(jsonFile, jsonOf(run));
}

const jsonOf = (run: ResultsDocument) => `${JSON.stringify(resultsSchema.parse(run), undefined, 2)}\n`;

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
