import type { ReplyTo, RequestFrame, RequestKind } from "../../wire/client-frame.ts";
import type { ErrorCode } from "../../wire/errors.ts";
import type { ColdServerFrame } from "../../wire/server-frame.ts";

export type ErrorFrame = Extract<ColdServerFrame, { kind: "error" }>;

/** What a request of this kind may be answered. */
export type Reply<Kind extends RequestKind> = ReplyTo<Kind> | ErrorFrame;

/** The answer to a request that is not granted. */
export function refusal(request: number, code: ErrorCode, detail: string, retryAfterMs?: number): ErrorFrame {
  return { kind: "error", request, code, detail, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
}

/** The same answer whether or not there is such a group. */
export function notAMember(request: number): ErrorFrame {
  return refusal(request, "not_a_member", "not a group of yours");
}

/** How long to wait when a queue is full or the database is away. */
export const busyRetryMs = 500;

/** The answer to a finish that does not go on from a start. */
export function withoutStart({
  kind,
  request,
}: RequestFrame<"signUpFinish" | "logInFinish" | "passwordFinish">): ErrorFrame {
  const start = kind.replace("Finish", "Start");
  return refusal(request, "malformed_frame", `${kind} without ${start} on this connection: begin with that`);
}

/** The answer to an OPAQUE message that the server could not go on with. */
export function opaqueRefusal(request: number, reason: "busy" | "wrong"): ErrorFrame {
  if (reason === "busy") return refusal(request, "busy", "too many logins at once", busyRetryMs);
  return refusal(request, "malformed_frame", "the OPAQUE message is malformed");
}
