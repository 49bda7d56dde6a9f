import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { Failure, messageOf } from "./failure.ts";

/** One step of a schema: a file, applied once and never changed. */
export interface Migration {
  readonly number: number;
  readonly name: string;
  readonly sql: string;
}

/** The steps in a directory, in order: `NNNN_what_it_does.sql`, numbered from 1 without a gap. */
export function readMigrations(directory: string): Migration[] {
  const migrations = readSteps(directory);
  migrations.forEach(({ number, name }, i) => {
    if (number !== i + 1) throw new Error(`${path.join(directory, name)}: step ${i + 1} is missing`);
  });
  return migrations;
}

function readSteps(directory: string): Migration[] {
  try {
    return readdirSync(directory)
      .filter((file) => file.endsWith(".sql"))
      .sort()
      .map((file) => ({
        number: Number.parseInt(file, 10),
        name: file,
        sql: readFileSync(path.join(directory, file), "utf8"),
      }));
  } catch (cause) {
    throw new Failure(
      "schema_unreadable",
      `the steps of the schema in ${directory} cannot be read: ${messageOf(cause)}`,
      "bring the project's sql folder back (git checkout)",
      cause,
    );
  }
}
