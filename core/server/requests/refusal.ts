import type { ErrorCode } from "../../wire/errors.ts";
import type { ColdServerFrame } from "../../wire/server-frame.ts";

/** The answer to a request that is not granted. */
export type Refusal = Omit<Extract<ColdServerFrame, { kind: "error" }>, "request">;

export function refusal(code: ErrorCode, detail: string, retryAfterMs?: number): Refusal {
  return { kind: "error", code, detail, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
}

/** The same answer whether or not there is such a group. */
export const notAMember = refusal("not_a_member", "not a group of yours");

/** How long to wait when a queue is full or the database is away. */
export const busyRetryMs = 500;

/** The answer to a finish that does not go on from a start. */
export function withoutStart(exchange: "signUp" | "logIn" | "password"): Refusal {
  const detail = `${exchange}Finish without ${exchange}Start on this connection: begin with that`;
  return refusal("malformed_frame", detail);
}

/** The answer to an OPAQUE message that the server could not go on with. */
export function opaqueRefusal(reason: "busy" | "wrong"): Refusal {
  if (reason === "busy") return refusal("busy", "too many logins at once", busyRetryMs);
  return refusal("malformed_frame", "the OPAQUE message is malformed");
}
