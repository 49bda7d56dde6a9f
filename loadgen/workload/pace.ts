import type { Clock } from "../../core/platform/clock.ts";
import type { Arrivals } from "./schedule.ts";

/**
 * Calls `send` for each message when it is due, or as soon after as this event loop gets to it: nothing is left out and
 * nothing put off, so the delay is for the latency to count. Timers are good for a millisecond. Resolves when no more are
 * due before `untilMs`, or when `stopped` says so.
 */
export function sendWhenDue(
  arrivals: Arrivals,
  by: { clock: Clock; startMs: number; untilMs: number; stopped?: () => boolean },
  send: (dueMs: number) => void,
): Promise<void> {
  const { clock, startMs, untilMs, stopped } = by;
  return new Promise((resolve) => {
    const tick = () => {
      const now = clock.monotonic();
      let due = startMs + arrivals.nextMs;
      while (due <= now && due < untilMs) {
        send(due);
        arrivals.advance();
        due = startMs + arrivals.nextMs;
      }
      if (due >= untilMs || stopped?.()) return resolve();
      clock.after(Math.max(1, due - now), tick);
    };
    tick();
  });
}
