import type { AuditResult } from "./audit/audit.ts";
import { LoadSession, type SessionOptions, type SessionParts, type StretchOptions } from "./load-session.ts";
import type { StretchResult } from "./stretch-result.ts";

export interface LoadOptions extends SessionOptions, Pick<StretchOptions, "onMeasure" | "cutShort"> {
  /** Called when all users are connected, before any of them writes or leaves. */
  onReady?(): Promise<void>;
}

export interface LoadResult extends StretchResult {
  readonly audit: AuditResult;
}

/** Puts a workload on a deployment, and audits what the users saw. */
export async function generateLoad(options: LoadOptions, parts?: SessionParts): Promise<LoadResult> {
  const session = await LoadSession.open(options, parts);
  try {
    await options.onReady?.();
    const { workload, cutShort = false } = options;
    const onMeasure = options.onMeasure?.bind(options);
    const stretch = await session.run({ ...workload, cutShort, ...(onMeasure && { onMeasure }) });
    return { ...stretch, audit: await session.audit() };
  } finally {
    await session.close();
  }
}
