import path from "node:path";
import sanitize from "sanitize-filename";

/** Characters that make a name look like another: controls of direction and joining, and everything without a width. */
const deceptive = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/**
 * A name under which a file from somebody else may be saved, out of the one that they gave it: never a path, never hidden,
 * never one that the system reserves.
 */
export function safeFileName(name: string): string {
  const last = name.split(/[/\\]/).at(-1) ?? "";
  const cleaned = sanitize(last.normalize("NFC").replace(deceptive, "")).trim().replace(/^\.+/, "");
  const { name: stem, ext } = path.parse(cleaned);
  return cleaned === "" || stem === "" ? `file${ext}` : cleaned;
}
