/**
 * A broken operation that a person can mend: a stable code to search for, what happened, and what to do about it. Programs
 * print it without a stack and exit with 1.
 */
export class Failure extends Error {
  readonly code: string;
  readonly advice: string;

  constructor(code: string, happened: string, advice: string, cause?: unknown) {
    super(happened, cause === undefined ? undefined : { cause });
    this.name = "Failure";
    this.code = code;
    this.advice = advice;
  }
}

/** The code of a system's or a library's error, such as `ENOENT`; undefined for an error without one. */
export function codeOf(thrown: unknown): string | undefined {
  const code = thrown instanceof Error && "code" in thrown ? thrown.code : undefined;
  return typeof code === "string" ? code : undefined;
}

/** The message of whatever was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
