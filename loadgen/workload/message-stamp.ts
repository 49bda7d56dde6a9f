import { type ClientMessageId, clientMessageId } from "../../core/wire/ids.ts";

/**
 * A simulated user's client message id states when the message was due, so that receivers know its latency without opening it:
 * 44 bits of microseconds, 4 of the sending thread, 16 of a counter within the thread.
 *
 * All threads share the clock of the microseconds; 44 bits turn over after 203 days.
 */
const timeMod = 2 ** 44;
const timeMask = 2n ** 44n - 1n;
export const sentSlots = 2 ** 16;

export function stamp(dueMicros: number, thread: number, slot: number): ClientMessageId {
  return clientMessageId(((BigInt(Math.round(dueMicros)) & timeMask) << 20n) | BigInt((thread << 16) | slot));
}

/** Microseconds from the time in a stamp, given as its two halves, to `nowMicros`. */
export function microsSince(high: number, low: number, nowMicros: number): number {
  const due = high * 4096 + (low >>> 20);
  return nearest((nowMicros % timeMod) - due, timeMod);
}

/** The smallest difference that is the same on a counter that turns over after so many steps. */
function nearest(difference: number, turn: number): number {
  return difference - turn * Math.round(difference / turn);
}

/**
 * Whether one user wrote the message with the first stamp before the one with the second. The user's thread stamps messages in
 * the order of writing, so for two at the same microsecond the counter decides.
 */
export function isWrittenBefore([high, low]: StampHalves, [otherHigh, otherLow]: StampHalves): boolean {
  const micros = microsSince(high, low, otherHigh * 4096 + (otherLow >>> 20));
  return micros > 0 || (micros === 0 && nearest(slotOf(otherLow).slot - slotOf(low).slot, sentSlots) > 0);
}

/** A stamp as two unsigned numbers of 32 bits. */
export type StampHalves = readonly [high: number, low: number];

/** The thread that sent a message, and the message's slot in that thread's table of lateness. */
export function slotOf(low: number): { thread: number; slot: number } {
  return { thread: (low >>> 16) & 0xf, slot: low & 0xffff };
}
