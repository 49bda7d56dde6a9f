import path from "node:path";
import sanitize from "sanitize-filename";

/** Characters that make a name look like another: controls of direction and joining, and everything without a width. */
const deceptive = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;
/** Dots hide a file, and of both the system takes some away itself. */
const aroundName = /^[.\s]+|[.\s]+$/g;

/**
 * A name under which a file from somebody else may be saved, out of the one that they gave it: never a path, never hidden,
 * never one that the system reserves.
 */
export function safeFileName(name: string): string {
  const last = name.split(/[/\\]/).at(-1) ?? "";
  const shown = sanitize(last.normalize("NFC").replace(deceptive, "")).replace(aroundName, "");
  // Once more: without the dot in front, a name may be one that the system reserves.
  const cleaned = sanitize(shown);
  const { name: stem, ext } = path.parse(cleaned);
  return cleaned === "" || stem === "" ? `file${ext}` : cleaned;
}
