import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { Failure, messageOf } from "../core/platform/failure.ts";
import { htmlReport } from "./report.ts";
import { type ResultsDocument, resultsSchema } from "./results.ts";

/** Writes a run below `results/` of the working directory, and also to `jsonFile` if one is named; answers the files. */
export function writeResults(run: ResultsDocument, jsonFile: string | undefined): string[] {
  const text = `${JSON.stringify(resultsSchema.parse(run), undefined, 2)}\n`;
  const directory = path.join("results", `${run.startedAt.replace(/[:.]/g, "-")}-${run.benchmark}`);
  const files: [string, string][] = [[path.join(directory, "results.json"), text]];
  if (run.benchmark === "quick" || run.benchmark === "load")
    files.push([path.join(directory, "report.html"), htmlReport(run)]);
  if (jsonFile !== undefined) files.push([jsonFile, text]);
  for (const [file, content] of files) {
    try {
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, content);
    } catch (cause) {
      throw new Failure("results_not_written", `${file}: ${messageOf(cause)}`, "run it where you may write", cause);
    }
  }
  return files.map(([file]) => file);
}
