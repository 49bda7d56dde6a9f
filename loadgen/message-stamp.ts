import { type ClientMessageId, clientMessageId } from "../core/wire/ids.ts";

/**
 * A simulated user's message id says when the message was due, so whoever receives it knows its latency without opening
 * it: 44 bits of microseconds, 4 of the sending thread, 16 of a counter within it.
 *
 * The microseconds are of a clock that all threads share; 44 bits turn over after 203 days.
 */
const timeMod = 2 ** 44;
const timeMask = 2n ** 44n - 1n;
export const sentSlots = 2 ** 16;

export function stamp(dueMicros: number, thread: number, slot: number): ClientMessageId {
  return clientMessageId(((BigInt(Math.round(dueMicros)) & timeMask) << 20n) | BigInt((thread << 16) | slot));
}

/** Microseconds from the time in a stamp to `nowMicros`; the stamp as its two halves. */
export function microsSince(high: number, low: number, nowMicros: number): number {
  const due = high * 4096 + (low >>> 20);
  const difference = (nowMicros % timeMod) - due;
  if (difference < -timeMod / 2) return difference + timeMod;
  return difference > timeMod / 2 ? difference - timeMod : difference;
}

/** Which thread sent it, and its slot in that thread's table of send times. */
export function slotOf(low: number): { thread: number; slot: number } {
  return { thread: (low >>> 16) & 0xf, slot: low & 0xffff };
}
