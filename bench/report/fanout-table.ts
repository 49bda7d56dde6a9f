import { invalidText } from "../../loadgen/recorder/validity.ts";
import type { FanoutDocument, FanoutPoint } from "../document/fanout-document.ts";
import { median } from "../statistics/median.ts";
import { breachText } from "./breach-text.ts";
import { figure, pair } from "./figures.ts";
import { plainTable } from "./plain-table.ts";

const total = (point: FanoutPoint) => point.serverCpuMicrosPerDelivery + (point.databaseCpuMicrosPerDelivery ?? 0);

/** The points whose deliveries have a cost: those with deliveries in the measured time. */
const priced = (points: readonly FanoutPoint[]) => points.filter(({ deliveredPerSecond }) => deliveredPerSecond > 0);

const atRate = ({ arm, ratePerSecond }: Pick<FanoutPoint, "arm" | "ratePerSecond">) =>
  `${arm} at ${ratePerSecond === null ? "saturation" : `${figure(ratePerSecond)}/s`}`;

/** A row for each arm at each rate: medians over the rounds, and the cost as a multiple of the run's bare-uws arm. */
export function fanoutTable({ points }: Pick<FanoutDocument, "points">): string {
  const rates = [...new Set(points.map((point) => point.ratePerSecond))];
  const arms = [...new Set(points.map((point) => point.arm))];
  const rows = rates.flatMap((rate) => {
    const of = (arm: string) => points.filter((point) => point.arm === arm && point.ratePerSecond === rate);
    const bare = median(priced(of("bare-uws")).map(total));
    return arms.map((arm) => {
      const measured = of(arm);
      const costly = priced(measured);
      const cost = median(costly.map(total));
      const latency = (quantile: "p50" | "p99") =>
        median(measured.map((point) => point.deliveryMs?.[quantile] ?? Number.NaN));
      return [
        atRate({ arm, ratePerSecond: rate }),
        figure(median(measured.map((point) => point.deliveredPerSecond))),
        figure(median(costly.map((point) => point.serverCpuMicrosPerDelivery))),
        figure(median(costly.map((point) => point.databaseCpuMicrosPerDelivery ?? 0))),
        figure(cost),
        Number.isFinite(cost / bare) ? `${(cost / bare).toFixed(2)} ×` : "–",
        pair({ p50: latency("p50"), p99: latency("p99") }),
        measured.every((point) => point.complete) ? "yes" : "NO",
        measured.every((point) => point.valid) ? "yes" : "no",
      ];
    });
  });
  const head = [
    "arm",
    "delivered/s",
    "server µs\n/delivery",
    "database µs\n/delivery",
    "together",
    "of bare uws",
    "delivery ms\np50 / p99",
    "complete",
    "valid",
  ];
  return plainTable(head, rows);
}

/** Incomplete and invalid points and broken promises, one line each. */
export function fanoutNotes({ points }: Pick<FanoutDocument, "points">): string[] {
  return points.flatMap((point) => {
    const { round, complete, invalidReasons, breaches } = point;
    const where = `${atRate(point)}, round ${round + 1}`;
    return [
      ...(complete ? [] : [`${where}: not every message reached all members`]),
      ...invalidReasons.map((reason) => `${where} is not valid: ${invalidText(reason)}`),
      ...breaches.map((breach) => `${where}: ${breachText(breach)}`),
    ];
  });
}

/** Whether every message of every point reached all members, and no promise was broken. */
export function fanoutPassed({ points }: Pick<FanoutDocument, "points">): boolean {
  return points.every(({ complete }) => complete);
}
