import type { ErrorCode } from "../../wire/errors.ts";
import type { ColdServerFrame } from "../../wire/server-frame.ts";

/** The answer to a request that the server does not grant. */
export type Refusal = Omit<Extract<ColdServerFrame, { kind: "error" }>, "request">;

export function refusal(code: ErrorCode, detail: string, retryAfterMs?: number): Refusal {
  return { kind: "error", code, detail, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
}

/** The answer is the same whether or not the group exists. */
export const notAMember = refusal("not_a_member", "not a group of yours");

/** How long a client is to wait when a queue is full or the database is away. */
export const busyRetryMs = 500;

/** The answer to a finish without a start. */
export function withoutStart(exchange: "signUp" | "logIn" | "password"): Refusal {
  const detail = `${exchange}Finish without ${exchange}Start on this connection: begin with that`;
  return refusal("malformed_frame", detail);
}

/** The answer to an OPAQUE message that the OPAQUE server has refused. */
export function opaqueRefusal(reason: "busy" | "wrong"): Refusal {
  if (reason === "busy") return refusal("busy", "too many logins at once", busyRetryMs);
  return refusal("malformed_frame", "the OPAQUE message is malformed");
}
