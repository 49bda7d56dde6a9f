import { type Clock, sleep } from "../../core/platform/clock.ts";
import { type Random, shuffled } from "../../core/platform/random.ts";
import type { Result } from "../../core/platform/result.ts";
import type { GroupId } from "../../core/wire/ids.ts";
import type { MeasuredWindow } from "../workload/measured-window.ts";
import type { ClientIndex, Population } from "../workload/population.ts";
import type { Workload } from "../workload/workload.ts";
import type { Crowd, CrowdUser } from "./crowd.ts";
import type { Observation } from "./observation.ts";
import type { SimulatedUser } from "./simulated-user.ts";

/** What is needed of a user who goes and comes back, and who may be an admin. */
export interface ComingUser extends Pick<SimulatedUser, "leaveNetwork" | "comeBack"> {
  readonly client: {
    changeGroup(
      group: GroupId,
      change: { readonly action: "remove" | "admit"; readonly names: readonly string[] },
    ): Promise<Result<unknown, { readonly code: string }>>;
  };
}

export interface ChurnParts {
  readonly churn: Workload["churn"];
  readonly population: Population;
  readonly crowd: Pick<Crowd<CrowdUser>, "groupAt" | "nameOf"> & {
    readonly users: ReadonlyMap<ClientIndex, ComingUser>;
  };
  readonly observation: Pick<Observation, "failed">;
  readonly window: MeasuredWindow;
  readonly clock: Clock;
  readonly random: Random;
  /** Once it is aborted, no more users leave, and those who are away come back. */
  readonly signal: AbortSignal;
}

/** The first part of the measured time, in which users leave: the rest is their time to come back. */
const leavingShare = 2 / 3;

/** Has clients disconnect and come back, and members removed and admitted again; resolves when all are back. */
export async function churn(parts: ChurnParts): Promise<void> {
  await Promise.all([...absences(parts), ...removals(parts)]);
}

function absences(parts: ChurnParts): Promise<void>[] {
  const {
    churn: { awayShare, awaySeconds },
    crowd,
    window,
    clock,
    random,
    signal,
  } = parts;
  const users = [...crowd.users.values()];
  const leaving = shuffled(random, users).slice(0, Math.round(users.length * awayShare));
  return leaving.map(async (user) => {
    await sleep(clock, randomMoment(window, clock, random), signal);
    if (signal.aborted) return;
    user.leaveNetwork();
    await sleep(clock, awaySeconds * 1000, signal);
    user.comeBack();
  });
}

function removals(parts: ChurnParts): Promise<void>[] {
  const {
    churn: { removedShare },
    population,
    crowd,
    random,
  } = parts;
  return population.groups.map(async ({ founder, members }, number) => {
    const admin = crowd.users.get(founder);
    const count = Math.round((members.length - 1) * removedShare);
    if (!admin || count === 0) return;
    const removed = shuffled(random, members.slice(1)).slice(0, count);
    const names = removed.map((member) => crowd.nameOf(member));
    await removeAndAdmit(parts, admin, crowd.groupAt(number), names);
  });
}

async function removeAndAdmit(parts: ChurnParts, admin: ComingUser, group: GroupId, names: string[]): Promise<void> {
  const {
    churn: { removedSeconds },
    window,
    clock,
    random,
    observation,
    signal,
  } = parts;
  await sleep(clock, randomMoment(window, clock, random), signal);
  if (signal.aborted) return;
  for (const action of ["remove", "admit"] as const) {
    const changed = await admin.client.changeGroup(group, { action, names });
    if (!changed.ok) observation.failed(`${action}: ${changed.reason.code}`);
    if (action === "remove") await sleep(clock, removedSeconds * 1000, signal);
  }
}

/** A random moment at which a user leaves, in milliseconds from now. */
function randomMoment(window: MeasuredWindow, clock: Clock, random: Random): number {
  const span = (window.untilMs - window.fromMs) * leavingShare;
  return Math.max(0, window.fromMs + random.unit() * span - clock.monotonic());
}
