import type { ColdClientFrame } from "../wire/client-frame.ts";
import type { ErrorCode } from "../wire/errors.ts";
import type { ColdServerFrame } from "../wire/server-frame.ts";

type ErrorFrame = Extract<ColdServerFrame, { kind: "error" }>;

/** The answer to a request that is not granted. */
export function refusal(request: number, code: ErrorCode, detail: string, retryAfterMs?: number): ErrorFrame {
  return { kind: "error", request, code, detail, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
}

/** How long to wait when a queue is full or the database is away. */
export const busyRetryMs = 500;

type Finish = Extract<ColdClientFrame, { kind: "signUpFinish" | "logInFinish" | "passwordFinish" }>;

/** The answer to a finish that does not go on from a start. */
export function withoutStart({ kind, request }: Finish): ErrorFrame {
  const start = kind.replace("Finish", "Start");
  return refusal(request, "malformed_frame", `${kind} without ${start} on this connection: begin with that`);
}

/** The answer to an OPAQUE message that the server could not go on with. */
export function opaqueRefusal(request: number, reason: "busy" | "wrong"): ErrorFrame {
  if (reason === "busy") return refusal(request, "busy", "too many logins at once", busyRetryMs);
  return refusal(request, "malformed_frame", "the OPAQUE message is malformed");
}
