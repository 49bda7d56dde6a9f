import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after } from "node:test";
import { type LocalAccountParts, openLeanSocket, Profiles } from "../../core/client/index.ts";
import * as opaque from "../../core/e2ee/opaque-client.ts";
import { inlineRsa } from "../../core/e2ee/rsa-inline.ts";
import { systemClock } from "../../core/platform/clock.ts";
import { seededRandom } from "../../core/platform/random.ts";
import { keyPair } from "../../core/testing/key-pairs.ts";
import type { Person } from "../../core/testing/person.ts";
import { present } from "../../core/testing/present.ts";
import { until } from "../../core/testing/until.ts";
import type { GroupId } from "../../core/wire/ids.ts";
import { EffectRunner } from "../effects/effect-runner.ts";
import type { Effect } from "../model/effect.ts";
import type { Event } from "../model/event.ts";

const keys = await keyPair(0);
const crypto = { ...opaque, ...inlineRsa, generateKeys: async () => keys };
const runners: EffectRunner[] = [];
let machines = 0;

/** A directory for the files of a test; it is gone at the end. */
export const scratch = mkdtempSync(path.join(tmpdir(), "effects-test-"));

after(async () => {
  await Promise.all(runners.map((runner) => runner.close()));
  rmSync(scratch, { recursive: true, force: true });
});

export function scratchFile(name: string, content: string | Buffer): string {
  const file = path.join(scratch, name);
  writeFileSync(file, content);
  return file;
}

/** A machine with a home of its own. */
export function machine(): LocalAccountParts {
  const profiles = new Profiles(path.join(scratch, `machine${machines++}`));
  const random = seededRandom(machines);
  return { profiles, crypto, open: openLeanSocket, clock: systemClock, random, effort: "simulated" };
}

type Kind = Event["kind"];
export type EventOf<K extends Kind> = Extract<Event, { kind: K }>;

/** Somebody at a machine: performs effects there, and keeps the events that come of them. */
export class Seat {
  readonly events: Event[] = [];
  readonly terminal: string[] = [];
  readonly viewed: string[] = [];
  readonly parts: LocalAccountParts;
  readonly runner: EffectRunner;

  constructor(parts = machine()) {
    this.parts = parts;
    const note = (what: string) => void this.terminal.push(what);
    this.runner = new EffectRunner({
      machine: parts,
      emit: (event) => void this.events.push(event),
      terminal: {
        edit: async (text) => `${text}, edited`,
        notify: (title, text) => note(`${title}: ${text}`),
        redraw: () => note("redraw"),
        suspend: () => note("suspend"),
        quit: () => note("quit"),
      },
      viewer: { open: async (what) => void this.viewed.push(what) },
      pictures: {
        draw: async (picture, columns, rows) =>
          picture.length > 100
            ? { kind: "lines", columns, lines: [`${picture.length} bytes`, `${columns}x${rows}`] }
            : { kind: "none", why: "it is no picture" },
      },
    });
    runners.push(this.runner);
  }

  perform(effect: Effect): Promise<void> {
    return this.runner.perform(effect);
  }

  all<K extends Kind>(kind: K): EventOf<K>[] {
    return this.events.filter((event): event is EventOf<K> => event.kind === kind);
  }

  last<K extends Kind>(kind: K): EventOf<K> {
    return this.all(kind).at(-1) ?? assert.fail(`no ${kind} event`);
  }

  /** Waits for an event; one that came before counts. */
  async until<K extends Kind>(kind: K, is: (event: EventOf<K>) => boolean = () => true): Promise<EventOf<K>> {
    const found = () => this.all(kind).findLast(is);
    await until(() => found() !== undefined, `there is a ${kind} event`);
    return present(found());
  }

  /** Forgets the events so far. */
  fresh(): this {
    this.events.length = 0;
    return this;
  }

  failures(): string[] {
    return this.all("failed").map(({ text }) => text);
  }
}

/** An event, which has to be of this kind. */
export function eventOf<K extends Kind>(kind: K, event: Event | undefined): EventOf<K> {
  const isOfKind = (of: Event | undefined): of is EventOf<K> => of?.kind === kind;
  return isOfKind(event) ? event : assert.fail(`a ${event?.kind} event instead of ${kind}`);
}

/** Bob founds the group climbing with alice; resolves once she looks at it. */
export async function climbing(alice: Seat, bob: Person): Promise<GroupId> {
  const made = await bob.client.createGroup({ title: "climbing", members: ["alice"] });
  const { group } = made.ok ? made.value : assert.fail(made.reason.detail);
  await alice.until("groups", ({ groups }) => groups.some(({ title }) => title === "climbing"));
  await alice.perform({ kind: "show", group, before: undefined });
  await alice.until("facts");
  return group;
}
