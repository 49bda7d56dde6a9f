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
  // Twice: what is taken away may leave a name that the system reserves, or marks that now belong to another letter.
  const cleaned = clean(clean(last.replace(deceptive, "")));
  const { name: stem, ext } = path.parse(cleaned);
  return cleaned === "" || stem === "" ? `file${ext}` : cleaned;
}

const clean = (name: string) => sanitize(name).normalize("NFC").replace(aroundName, "");
