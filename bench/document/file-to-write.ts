import { accessSync, constants, statSync } from "node:fs";
import path from "node:path";
import { Failure, messageOf } from "../../core/platform/failure.ts";

/**
 * Fails if a file that a user named cannot be written: called before anything is measured or made. No directory is made for the
 * file, since a missing one was mistyped more often than not.
 */
export function assertFileWritable(file: string, code: string): void {
  const at = path.resolve(file);
  const directory = path.dirname(at);
  const refuse = (why: string, cause?: unknown) =>
    new Failure(
      code,
      `"${file}" cannot be written: ${why}`,
      "name a file in a directory that exists and is yours",
      cause,
    );
  const about = statSync(directory, { throwIfNoEntry: false });
  if (!about) throw refuse(`there is no directory ${directory}`);
  if (!about.isDirectory()) throw refuse(`${directory} is no directory`);
  const there = statSync(at, { throwIfNoEntry: false });
  if (there?.isDirectory()) throw refuse("it is a directory");
  try {
    accessSync(there ? at : directory, constants.W_OK);
  } catch (cause) {
    throw refuse(messageOf(cause), cause);
  }
}
