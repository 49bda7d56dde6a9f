import type { ClientEvents } from "../client/client.ts";
import { type Person, type PersonOptions, person } from "./person.ts";

/** Somebody who writes down every lie that their client finds. */
export interface Witness extends Person {
  /** Why the log of a group was refused. */
  readonly logRefusals: string[];
  /** Places at which the server claims that there is nothing: first and last. */
  readonly missing: (readonly [number, number])[];
  /** Places at which another message is shown than the server has acknowledged. */
  readonly misplaced: number[];
  /** Who is shown with another identity. */
  readonly changed: string[];
}

export async function witness(target: string, name: string, options: PersonOptions = {}): Promise<Witness> {
  const seen = {
    logRefusals: [] as string[],
    missing: [] as (readonly [number, number])[],
    misplaced: [] as number[],
    changed: [] as string[],
  };
  const events: ClientEvents = {
    ...options.events,
    logRefused: (_group, detail) => void seen.logRefusals.push(detail),
    missing: (_group, from, through) => void seen.missing.push([from, through]),
    misplaced: (_group, seq) => void seen.misplaced.push(seq),
    identityChanged: (who) => void seen.changed.push(who),
  };
  return { ...(await person(target, name, { ...options, events })), ...seen };
}
