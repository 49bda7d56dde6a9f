import type { ClientEvents } from "../client/client.ts";
import { type Person, type PersonOptions, person } from "./person.ts";

/** A person whose client's findings of lies are all written down. */
export interface Witness extends Person {
  /** Why the client refused a group's log. */
  readonly logRefusals: string[];
  /** Ranges of seqs, first and last, for which the server claims to have no message. */
  readonly missing: (readonly [number, number])[];
  /** Seqs under which the server shows another message than it acknowledged. */
  readonly misplaced: number[];
  /** Names of people whom the server shows with another identity than before. */
  readonly changed: string[];
}

export async function witness(target: string, name: string, options: PersonOptions = {}): Promise<Witness> {
  const seen: Omit<Witness, keyof Person> = { logRefusals: [], missing: [], misplaced: [], changed: [] };
  const events: ClientEvents = {
    ...options.events,
    logRefused: (_group, detail) => void seen.logRefusals.push(detail),
    missing: (_group, from, through) => void seen.missing.push([from, through]),
    misplaced: (_group, seq) => void seen.misplaced.push(seq),
    identityChanged: (who) => void seen.changed.push(who),
  };
  return { ...(await person(target, name, { ...options, events })), ...seen };
}
