import { spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Terminal } from "./terminal.ts";

/** A longer text is not taken. */
const textBytesMax = 1024 * 1024;

/**
 * Lets the user write in `$VISUAL` or `$EDITOR`, with the terminal to itself. Undefined when there is none, or when it ends
 * with an error, as vi does after `:cq`. The text lies in a file that nobody else may read, and only as long as it is open.
 */
export async function writeInEditor(
  text: string,
  terminal: Pick<Terminal, "lend">,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<string | undefined> {
  const editor = environment["VISUAL"] || environment["EDITOR"] || "vi";
  const directory = await mkdtemp(path.join(tmpdir(), "fastchat-"));
  const removeNow = () => rmSync(directory, { recursive: true, force: true });
  process.on("exit", removeNow);
  try {
    const file = path.join(directory, "message.txt");
    await writeFile(file, text, { mode: 0o600, flag: "wx" });
    const isWritten = await terminal.lend(() => run(editor, file, environment));
    if (!isWritten) return undefined;
    const written = await readFile(file);
    if (written.length > textBytesMax) return undefined;
    // Editors add a line feed to the last line.
    return written.toString("utf8").replaceAll("\r\n", "\n").replace(/\n$/, "");
  } catch {
    // The disk is full, or the editor has removed the file: the draft stays as it was.
    return undefined;
  } finally {
    process.off("exit", removeNow);
    await rm(directory, { recursive: true, force: true });
  }
}

/** Through the shell, since the variable may hold words of a command. */
async function run(editor: string, file: string, environment: NodeJS.ProcessEnv): Promise<boolean> {
  const command = spawn("/bin/sh", ["-c", `${editor} "$1"`, "sh", file], { stdio: "inherit", env: environment });
  const [code]: readonly unknown[] = await once(command, "exit");
  return code === 0;
}
