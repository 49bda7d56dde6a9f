/** A value, or a reason that a person can act on. An expected failure is a value, never an exception. */
export type Result<T, Reason = string> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly reason: Reason };

/** The result of a parser of outside input. */
export type Parsed<T, Fault = string> = Result<T, Fault>;

export function accepted<T>(value: T): { readonly ok: true; readonly value: T } {
  return { ok: true, value };
}

/** The value of a result where a refusal would be the calling program's mistake: throws for a refusal. */
export function valueOf<T>(result: Result<T, unknown>): T {
  if (result.ok) return result.value;
  const { reason } = result;
  throw new Error(`refused: ${typeof reason === "string" ? reason : JSON.stringify(reason)}`, { cause: reason });
}

export function refused<Reason>(reason: Reason): { readonly ok: false; readonly reason: Reason } {
  return { ok: false, reason };
}
