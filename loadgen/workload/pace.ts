import type { Clock } from "../../core/platform/clock.ts";
import type { Arrivals } from "./schedule.ts";

/**
 * Calls `send` for each message when it is due, or as soon afterwards as this event loop gets to it. No message is left out or
 * given a later due time, so that the delay counts in the latency. Timers are exact to a millisecond. Resolves when no more
 * messages are due before `untilMs`, or when `stopped` answers true; rejects when `send` throws.
 */
export function sendWhenDue(
  arrivals: Arrivals,
  by: { clock: Clock; startMs: number; untilMs: number; stopped?: () => boolean },
  send: (dueMs: number) => void,
): Promise<void> {
  const { clock, startMs, untilMs, stopped } = by;
  return new Promise((resolve, reject) => {
    const tick = () => {
      try {
        sendDue();
      } catch (cause) {
        reject(cause);
      }
    };
    const sendDue = () => {
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
