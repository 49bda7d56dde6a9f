import { itemAt } from "../../core/platform/item-at.ts";
import { pickOne, type Random, shuffled } from "../../core/platform/random.ts";
import type { Workload } from "./workload.ts";

/** A client's number in the workload, from 0. */
export type ClientIndex = number;

/** A group that the workload plans. */
export interface PlannedGroup {
  /** Its founder and admin: the first of its members. */
  readonly founder: ClientIndex;
  readonly members: readonly ClientIndex[];
  /** How often members write to it, relative to the other groups. */
  readonly weight: number;
  readonly senders: "any" | "first";
}

/** The planned groups and their members, drawn from the seed: the same in every thread. */
export interface Population {
  readonly clients: number;
  readonly groups: readonly PlannedGroup[];
}

export function drawPopulation(workload: Workload, random: Random): Population {
  const everybody = Array.from({ length: workload.clients }, (_, client) => client);
  const groups = workload.groups.flatMap((of) => {
    const activity = Array.from({ length: of.count }, (_, rank) => 1 / (rank + 1) ** of.activityExponent);
    const total = activity.reduce((sum, weight) => sum + weight, 0);
    return activity.map((weight, rank) => {
      const members = draw(random, everybody, sizeOf(of.sizes, rank));
      return { founder: itemAt(members, 0), members, weight: (of.weight * weight) / total, senders: of.senders };
    });
  });
  return { clients: workload.clients, groups };
}

function sizeOf(sizes: Workload["groups"][number]["sizes"], rank: number): number {
  if (sizes.kind === "fixed") return sizes.size;
  return Math.max(sizes.min, Math.round(sizes.max / (rank + 1) ** sizes.exponent));
}

/** Draws `count` different clients. */
function draw(random: Random, from: readonly ClientIndex[], count: number): ClientIndex[] {
  if (count * 4 > from.length) return shuffled(random, from).slice(0, count);
  const drawn = new Set<ClientIndex>();
  while (drawn.size < count) drawn.add(pickOne(random, from));
  return [...drawn];
}

/** The thread that simulates a client. */
export function threadOf(client: ClientIndex, threads: number): number {
  return client % threads;
}
