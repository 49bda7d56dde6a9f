import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { Failure } from "../../../core/platform/failure.ts";
import type { Page } from "./page.ts";

const run = promisify(execFile);
const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];

/** The browser that is installed here; `CHROMIUM` names another. */
export async function findBrowser(): Promise<string> {
  const own = process.env["CHROMIUM"];
  for (const name of own ? [own] : names) {
    const isThere = await run(name, ["--version"]).then(
      () => true,
      () => false,
    );
    if (isThere) return name;
  }
  throw new Failure(
    "no_browser",
    own ? `${own} cannot be run` : `there is none of ${names.join(", ")}`,
    "install Chromium (apt install chromium), or name a browser of its kind with CHROMIUM",
  );
}

/** A picture (PNG) of a page. */
export async function photograph(browser: string, { html, width, height }: Page): Promise<Buffer> {
  const directory = mkdtempSync(path.join(tmpdir(), "fastchat-pictures-"));
  try {
    const page = path.join(directory, "page.html");
    const picture = path.join(directory, "page.png");
    writeFileSync(page, html);
    await run(browser, [
      // The page is our own; where root or a container runs this, there is no sandbox.
      ...["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", `--user-data-dir=${directory}/browser`],
      ...[`--window-size=${width},${height}`, `--screenshot=${picture}`, pathToFileURL(page).href],
    ]);
    return readFileSync(picture);
  } finally {
    rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
  }
}
