import path from "node:path";
import sanitize from "sanitize-filename";

/** Characters that make a name look like another: controls of direction and joining, and other characters without a width. */
const deceptive = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;
/** Dots in front hide a file; some systems remove dots and spaces at the end. */
const aroundName = /^[.\s]+|[.\s]+$/g;

/**
 * The name under which a file from somebody else is saved, made from the name that they gave it: never a path, never hidden,
 * never one that a system reserves.
 */
export function safeFileName(name: string): string {
  const last = name.split(/[/\\]/).at(-1) ?? "";
  // Twice: removing characters may leave a reserved name, or marks that now belong to another letter.
  const cleaned = clean(clean(last.replace(deceptive, "")));
  const { name: stem, ext } = path.parse(cleaned);
  return cleaned === "" || stem === "" ? `file${ext}` : cleaned;
}

const clean = (name: string) => sanitize(name).normalize("NFC").replace(aroundName, "");
