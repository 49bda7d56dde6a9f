import { mkdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { codeOf, messageOf } from "../../core/platform/failure.ts";
import { replaceFile } from "../../core/platform/replace-file.ts";
import { accepted, type Parsed, refused } from "../../core/platform/result.ts";
import { defaultSettings, type Settings } from "../model/settings.ts";
import type { OpenAccount } from "./open-account.ts";

/** A setting that an older or newer client has not written has its default. */
const settingsSchema = z.object({
  theme: z.enum(["dark", "light", "none"]).default(defaultSettings.theme),
  notify: z.enum(["mentions", "all", "none"]).default(defaultSettings.notify),
  typing: z.boolean().default(defaultSettings.typing),
  receipts: z.boolean().default(defaultSettings.receipts),
  previews: z.boolean().default(defaultSettings.previews),
});

/** Reads a profile's settings, which are beside its vault: the defaults when there is no file, a refusal when it is broken. */
export function readSettings(directory: string): Parsed<Settings> {
  const file = fileIn(directory);
  try {
    const checked = settingsSchema.safeParse(JSON.parse(readFileSync(file, "utf8")));
    return checked.success ? accepted(checked.data) : refused(`${file}: ${z.prettifyError(checked.error)}`);
  } catch (cause) {
    if (codeOf(cause) === "ENOENT") return accepted(defaultSettings);
    return refused(`${file}: ${messageOf(cause)}`);
  }
}

/** Applies settings to the open account, and keeps them for when it is opened again. */
export function saveSettings(opened: OpenAccount, directory: string, settings: Settings): void {
  opened.settings = settings;
  opened.account.client.readReceipts = settings.receipts;
  writeSettings(directory, settings);
}

/** The file is replaced at once: a crash leaves the old settings or the new ones. */
function writeSettings(directory: string, settings: Settings): void {
  const file = fileIn(directory);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  replaceFile(file, `${JSON.stringify(settings, undefined, 2)}\n`, 0o600);
}

const fileIn = (directory: string) => path.join(directory, "settings.json");
