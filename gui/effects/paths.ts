import { readFileSync, statSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";

/** A path as somebody types it: `~` is their home; a relative path begins in the working directory. */
export function typedPath(typed: string): string {
  const expanded = typed === "~" || typed.startsWith("~/") ? path.join(homedir(), typed.slice(1)) : typed;
  return path.resolve(expanded);
}

/** The downloads directory: XDG's, or ~/Downloads, or home if neither exists. */
export function downloadsDirectory(environment: NodeJS.ProcessEnv = process.env, home = homedir()): string {
  const named = environment.XDG_DOWNLOAD_DIR ?? xdgDirectory(environment, home);
  const wanted = named === undefined ? undefined : named.replace(/^\$HOME(?=\/|$)/, home);
  return (
    [wanted, path.join(home, "Downloads")].find((folder) => folder && path.isAbsolute(folder) && isDirectory(folder)) ??
    home
  );
}

/** The downloads directory as the desktop has configured it (freedesktop.org, xdg-user-dirs). */
function xdgDirectory(environment: NodeJS.ProcessEnv, home: string): string | undefined {
  const file = path.join(environment.XDG_CONFIG_HOME ?? path.join(home, ".config"), "user-dirs.dirs");
  try {
    return /^XDG_DOWNLOAD_DIR="(.*)"$/m.exec(readFileSync(file, "utf8"))?.[1];
  } catch {
    return undefined; // The file does not exist, or we may not read it.
  }
}

export function isDirectory(file: string): boolean {
  try {
    return statSync(file).isDirectory();
  } catch {
    return false;
  }
}
