import { Failure, messageOf } from "../../core/platform/failure.ts";
import { LoadSession, type SessionOptions, type StretchResult } from "../../loadgen/load-session.ts";
import { invalidText } from "../../loadgen/recorder/validity.ts";
import type { Pilot } from "../document/cells-document.ts";

/**
 * The cells' part of what was held. At half, a queue is about as long as what is in service (M/M/1: the time in it is that of
 * the service, times ρ/(1-ρ)), so that latencies tell of the servers rather than of the queue; and there is room for members
 * who come and go, for a strategy that gives one server twice its part, and for other programs that begin meanwhile.
 */
export const pilotShare = 0.5;

/**
 * No cell is measured above this, however fast the machine: what a delivery costs depends on how many messages commit
 * together, so figures of different machines can only be held against each other at one rate. `--rate` asks for another.
 */
export const ratePerSecondMax = 250;

/** Nor below this, however slow: in 6 s, the 99th percentile of fewer messages would be one message. */
export const ratePerSecondMin = ratePerSecondMax / 8;

/** Doubling, up to what the highest rate of the cells is the share of. */
export const pilotRates: readonly number[] = [1, 2, 4, 8, 16].map((times) => ratePerSecondMin * times);

/** A machine on which one message of a hundred takes longer to get to somebody does not hold the rate. */
export const pilotP99MsMax = 250;

/** Short, since all that is asked is whether a queue grows; without members who come and go, which the share leaves room for. */
const stretch = {
  churn: { awayShare: 0, awaySeconds: 1, removedShare: 0, removedSeconds: 1 },
  warmUpSeconds: 0.3,
  durationSeconds: 1,
  settleSeconds: 2,
} as const;

export interface PilotOptions extends Omit<SessionOptions, "target"> {
  readonly servers: number;
  readonly strategy: string;
  /** Has these servers run, and ends them when the work is done. */
  onServers(work: (target: string) => Promise<void>): Promise<void>;
  onRung?(ratePerSecond: number): void;
}

/**
 * Finds out what servers on this machine hold, with the users, threads and rules of validity that cells have: one crowd
 * connects, and writes at one rate after the other. What fails on the way (a user is not let in, say) ends the search, and is
 * told.
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
  const heldPerSecond = Math.max(0, ...rungs.filter(({ held }) => held).map((rung) => rung.ratePerSecond)) || null;
  const ratePerSecond = rateFor(heldPerSecond);
  const bounds = { share: pilotShare, ratePerSecondMin, ratePerSecondMax };
  return { servers, strategy, rungs, heldPerSecond, ...bounds, ratePerSecond, failure, audit };
}

/** The cells' rate on a machine that holds this; null is nothing. */
export function rateFor(heldPerSecond: number | null): number {
  return Math.min(ratePerSecondMax, Math.max(ratePerSecondMin, pilotShare * (heldPerSecond ?? 0)));
}

/**
 * Climbs until a rate is not held; null when even the lowest is not. What is not held is tried once more, since on a machine
 * that does other things a second in which it does them says nothing of the rate.
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

/** Why a rate is not held. */
function reasonsAgainst({ invalidReasons, deliveryMs }: StretchResult): string[] {
  const reasons = invalidReasons.map(invalidText);
  if (deliveryMs === undefined) reasons.push("nothing was delivered");
  else if (deliveryMs.p99 > pilotP99MsMax) {
    reasons.push(`slow: p99 ${deliveryMs.p99.toFixed(0)} ms until deliveries, over ${pilotP99MsMax}`);
  }
  return reasons;
}
