import type { ErrorCode } from "../wire/errors.ts";
import type { ColdServerFrame } from "../wire/server-frame.ts";

type ErrorFrame = Extract<ColdServerFrame, { kind: "error" }>;

/** The answer to a request that is not granted. */
export function refusal(request: number, code: ErrorCode, detail: string, retryAfterMs?: number): ErrorFrame {
  return { kind: "error", request, code, detail, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
}

/** How long to wait when a queue is full or the database is away. */
export const busyRetryMs = 500;
