import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import { Failure, messageOf } from "../core/platform/failure.ts";

/** A password or passphrase: the first line of a file, or what is typed, unseen. */
export async function readSecret(what: string, file: string | undefined): Promise<string> {
  const secret = file === undefined ? await typed(what) : firstLine(what, file);
  if (secret === "") throw new Failure("password_needed", `the ${what} is empty`, "type one, or give a file with one");
  return secret;
}

/** A new password or passphrase: typed twice. */
export async function readNewSecret(what: string, file: string | undefined): Promise<string> {
  const secret = await readSecret(what, file);
  if (file !== undefined || (await typed(`${what} once more`)) === secret) return secret;
  throw new Failure("passwords_differ", `the two are not the same`, "try again; nothing was changed");
}

function firstLine(what: string, file: string): string {
  try {
    return readFileSync(file, "utf8").split(/\r?\n/)[0] ?? "";
  } catch (cause) {
    throw new Failure("password_unreadable", `${file}: ${messageOf(cause)}`, `name a file with the ${what}`, cause);
  }
}

async function typed(what: string): Promise<string> {
  if (!process.stdin.isTTY) {
    throw new Failure(
      "password_needed",
      `nobody is there to type the ${what}`,
      "give a file with it, such as --password-file",
    );
  }
  process.stderr.write(`${what}: `);
  const unseen = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: unseen, terminal: true });
  try {
    return await new Promise<string>((resolve, reject) => {
      lines.once("line", resolve);
      lines.once("SIGINT", () => reject(new Failure("interrupted", "nothing was typed", "try again")));
      lines.once("close", () => reject(new Failure("password_needed", "nothing was typed", "try again")));
    });
  } finally {
    lines.close();
    process.stderr.write("\n");
  }
}
