import { readFileSync, statSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";

/** A path as somebody types it: `~` is their home, and what is relative begins where they are. */
export function typedPath(typed: string): string {
  const expanded = typed === "~" || typed.startsWith("~/") ? path.join(homedir(), typed.slice(1)) : typed;
  return path.resolve(expanded);
}

/** Where the system puts what was downloaded: XDG's directory, ~/Downloads, or home if neither is there. */
export function downloadsDirectory(environment: NodeJS.ProcessEnv = process.env, home = homedir()): string {
  const named = environment.XDG_DOWNLOAD_DIR ?? xdgDirectory(environment, home);
  const wanted = named === undefined ? undefined : named.replace(/^\$HOME(?=\/|$)/, home);
  return (
    [wanted, path.join(home, "Downloads")].find((place) => place && path.isAbsolute(place) && isDirectory(place)) ??
    home
  );
}

/** As the desktop has written it down (freedesktop.org, xdg-user-dirs). */
function xdgDirectory(environment: NodeJS.ProcessEnv, home: string): string | undefined {
  const file = path.join(environment.XDG_CONFIG_HOME ?? path.join(home, ".config"), "user-dirs.dirs");
  try {
    return /^XDG_DOWNLOAD_DIR="(.*)"$/m.exec(readFileSync(file, "utf8"))?.[1];
  } catch {
    return undefined; // There is none, or not for us.
  }
}

export function isDirectory(place: string): boolean {
  try {
    return statSync(place).isDirectory();
  } catch {
    return false;
  }
}
