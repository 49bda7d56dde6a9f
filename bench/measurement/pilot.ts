import { Failure, messageOf } from "../../core/platform/failure.ts";
import { LoadSession, type SessionOptions } from "../../loadgen/load-session.ts";
import { invalidText } from "../../loadgen/recorder/validity.ts";
import type { StretchResult } from "../../loadgen/stretch-result.ts";
import type { Pilot } from "../document/cells-document.ts";

/**
 * The cells' rate, as a part of the rate that was held. At half, a message waits in queues for about as long as it is served
 * (M/M/1: the time in the queue is the time of the service times ρ/(1-ρ)), so that latencies show the servers rather than the
 * queues. The other half is room for members who come and go, for a strategy that gives one server twice its part, and for
 * other programs that begin meanwhile.
 */
export const pilotShare = 0.5;

/**
 * No cell is measured at a higher rate, however fast the machine. What a delivery costs depends on how many messages commit
 * together, so figures of different machines can only be compared at one rate. `--rate` asks for another.
 */
export const ratePerSecondMax = 250;

/**
 * No cell is measured at a lower rate, however slow the machine: with fewer messages in 6 s, the 99th percentile would be one
 * message.
 */
export const ratePerSecondMin = ratePerSecondMax / 8;

/** The rates that the pilot tries. They double, up to the one of which the cells' highest rate is the share. */
export const pilotRates: readonly number[] = [1, 2, 4, 8, 16].map((times) => ratePerSecondMin * times);

/** A machine does not hold a rate at which one delivery of a hundred takes longer. */
export const pilotP99MsMax = 250;

/** Short, since the pilot only finds whether queues grow; without members who come and go, for whom the share leaves room. */
const stretch = {
  churn: { awayShare: 0, awaySeconds: 1, removedShare: 0, removedSeconds: 1 },
  warmUpSeconds: 0.3,
  durationSeconds: 1,
  settleSeconds: 2,
} as const;

export interface PilotOptions extends Omit<SessionOptions, "target"> {
  readonly servers: number;
  readonly strategy: string;
  /** Starts the servers, calls `work` with their address, and ends them. */
  onServers(work: (target: string) => Promise<void>): Promise<void>;
  onRung?(ratePerSecond: number): void;
}

/**
 * Finds the highest rate that servers on this machine hold, with the users, threads and rules of validity of cells: one crowd
 * connects, and writes at one rate after the other. A failure on the way (a user who cannot log in, say) ends the search, and is
 * stated in the result.
 */
export async function runPilot(options: PilotOptions): Promise<Pilot> {
  const { servers, strategy, signal } = options;
  const rungs: Pilot["rungs"] = [];
  let audit: Pilot["audit"] = null;
  let failure: Pilot["failure"] = null;
  const climb = async (session: LoadSession) => {
    await highestHeld(pilotRates, async (ratePerSecond) => {
      options.onRung?.(ratePerSecond);
      const result = await session.run({ ...stretch, arrivals: { kind: "poisson", ratePerSecond } });
      const reasons = reasonsAgainst(result);
      const held = reasons.length === 0;
      rungs.push({ ratePerSecond, held, reasons, deliveryP99Ms: result.deliveryMs?.p99 ?? null });
      return held;
    });
    const { breaches, ...audited } = await session.audit();
    audit = { ...audited, breaches: [...breaches] };
  };
  try {
    await options.onServers(async (target) => {
      const session = await LoadSession.open({ ...options, target });
      try {
        await climb(session);
      } finally {
        await session.close();
      }
    });
  } catch (cause) {
    if (signal?.aborted) throw cause;
    failure = { code: cause instanceof Failure ? cause.code : "pilot_failed", message: messageOf(cause) };
  }
  const heldPerSecond = highestOf(rungs);
  const ratePerSecond = rateFor(heldPerSecond);
  const bounds = { share: pilotShare, ratePerSecondMin, ratePerSecondMax };
  return { servers, strategy, rungs, heldPerSecond, ...bounds, ratePerSecond, failure, audit };
}

/** The highest rate that was held; null if none was. */
export function highestOf(rungs: readonly Pick<Pilot["rungs"][number], "ratePerSecond" | "held">[]): number | null {
  return Math.max(0, ...rungs.filter(({ held }) => held).map(({ ratePerSecond }) => ratePerSecond)) || null;
}

/** The cells' rate on a machine that holds this rate; null if it held none. */
export function rateFor(heldPerSecond: number | null): number {
  return Math.min(ratePerSecondMax, Math.max(ratePerSecondMin, pilotShare * (heldPerSecond ?? 0)));
}

/**
 * Climbs until a rate is not held; null when even the lowest is not. A rate that was not held is tried once more, since other
 * programs may have kept the machine busy in that second.
 */
export async function highestHeld(
  rates: readonly number[],
  isHeld: (ratePerSecond: number) => Promise<boolean>,
): Promise<number | null> {
  let highest: number | null = null;
  for (const rate of rates) {
    if (!(await isHeld(rate)) && !(await isHeld(rate))) return highest;
    highest = rate;
  }
  return highest;
}

/** Why a rate was not held; empty if it was. */
export function reasonsAgainst({
  invalidReasons,
  deliveryMs,
}: Pick<StretchResult, "invalidReasons" | "deliveryMs">): string[] {
  const reasons = invalidReasons.map(invalidText);
  if (deliveryMs === undefined) reasons.push("nothing was delivered");
  else if (deliveryMs.p99 > pilotP99MsMax) {
    reasons.push(`slow: p99 ${deliveryMs.p99.toFixed(0)} ms until deliveries, over ${pilotP99MsMax}`);
  }
  return reasons;
}
