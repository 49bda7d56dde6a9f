import { renameSync, writeFileSync } from "node:fs";

/**
 * Writes a file so that, whatever happens meanwhile, either the old text or the new one is there as a whole: under another
 * name first, on the disk, and then renamed. Throws what the file system refuses.
 */
export function replaceFile(file: string, text: string, mode: number): void {
  const unfinished = `${file}.new`;
  writeFileSync(unfinished, text, { mode, flush: true });
  renameSync(unfinished, file);
}
