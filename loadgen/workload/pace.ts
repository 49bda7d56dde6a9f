import type { Clock } from "../../core/platform/clock.ts";
import type { Arrivals } from "./schedule.ts";

/** Which messages are sent: those due between two times of the clock, until `stopped` answers true. */
export interface Pace {
  readonly clock: Clock;
  readonly startMs: number;
  readonly untilMs: number;
  stopped?(): boolean;
}

/**
 * Calls `send` for each message when it is due, or as soon afterwards as this event loop gets to it. No message is left out or
 * given a later due time, so that the delay counts in the latency. Timers are exact to a millisecond. Resolves when no more
 * messages are due before `untilMs`, or when `stopped` answers true; rejects when `send` throws.
 */
export function sendWhenDue(
  arrivals: Arrivals,
  { clock, startMs, untilMs, stopped }: Pace,
  send: (dueMs: number) => void,
): Promise<void> {
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
