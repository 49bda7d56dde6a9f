import { statSync } from "node:fs";
import type { Clock } from "../../platform/clock.ts";

const lookPeriodMs = 1000;

export interface Usage {
  /** Programs that need the servers touch this file now and then. */
  readonly file: string;
  /** Clients that are connected now. */
  connections(): number;
}

/**
 * Resolves once nobody has been connected, and the file has not been touched, for `unusedMs`; or when the signal is aborted.
 */
export function untilUnused(usage: Usage, unusedMs: number, clock: Clock, signal: AbortSignal): Promise<void> {
  let usedAtMs = clock.monotonic();
  let touchedAtMs = touchedAt(usage.file);
  return new Promise((resolve) => {
    const end = () => {
      cancel();
      resolve();
    };
    const cancel = clock.every(lookPeriodMs, () => {
      const touchedMs = touchedAt(usage.file);
      if (usage.connections() > 0 || touchedMs !== touchedAtMs) usedAtMs = clock.monotonic();
      touchedAtMs = touchedMs;
      if (clock.monotonic() - usedAtMs >= unusedMs) end();
    });
    if (signal.aborted) end();
    else signal.addEventListener("abort", end, { once: true });
  });
}

/** When the file was touched last; undefined while it does not exist or cannot be read: then nobody can touch it. */
function touchedAt(file: string): number | undefined {
  try {
    return statSync(file).mtimeMs;
  } catch {
    return undefined;
  }
}
