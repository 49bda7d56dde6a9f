import { renameSync, writeFileSync } from "node:fs";

/**
 * Writes a file so that, whatever happens meanwhile, it has either the whole old text or the whole new one: the new text is
 * written under another name, flushed to the disk, and then renamed. Throws what the file system refuses.
 */
export function replaceFile(file: string, text: string, mode: number): void {
  const unfinished = `${file}.new`;
  writeFileSync(unfinished, text, { mode, flush: true });
  renameSync(unfinished, file);
}
