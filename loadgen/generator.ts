import type { AuditResult } from "./audit/audit.ts";
import { LoadSession, type SessionOptions, type StretchOptions, type StretchResult } from "./load-session.ts";

export interface LoadOptions extends SessionOptions, Pick<StretchOptions, "onMeasure" | "cutShort"> {
  /** When everybody is in, and before anybody writes or goes away. */
  onReady?(): Promise<void>;
}

export interface LoadResult extends StretchResult {
  readonly audit: AuditResult;
}

/** Runs a workload against a deployment and audits what came of it. */
export async function generateLoad(options: LoadOptions): Promise<LoadResult> {
  const session = await LoadSession.open(options);
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
