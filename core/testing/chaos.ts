import assert from "node:assert/strict";
import { wholeNumber } from "../platform/decimal.ts";
import { pickOne, type Random, seededRandom } from "../platform/random.ts";
import type { GroupId } from "../wire/ids.ts";
import type { Person } from "./person.ts";
import { until } from "./until.ts";

/** The seed of a random test: printed, and taken from `TEST_SEED` to play a run again. */
export function testSeed(log: { diagnostic(message: string): void }): Random {
  const seed = givenSeed() ?? Math.floor(Math.random() * 2 ** 31);
  log.diagnostic(`TEST_SEED=${seed} plays this again`);
  return seededRandom(seed);
}

/** The seed that `TEST_SEED` gives, if it does. */
export function givenSeed(): number | undefined {
  const given = process.env.TEST_SEED;
  const seed = wholeNumber(given);
  if (given !== undefined && seed === undefined) throw new Error(`TEST_SEED is ${given}; write a whole number`);
  return seed;
}

/** The seeds of many runs: the one that `TEST_SEED` gives, or as many in a row as `INTERLEAVINGS` says. */
export function testSeeds(runs: number): readonly number[] {
  const given = givenSeed();
  if (given !== undefined) return [given];
  const first = Math.floor(Math.random() * 2 ** 31);
  return Array.from({ length: Number(process.env.INTERLEAVINGS ?? runs) }, (_, i) => first + i);
}

/** The messages that were acknowledged: the seq of each, by its text. */
export type Written = ReadonlyMap<string, number>;

export interface Disturbance {
  /** Its probability before each message, from 0 to 1. */
  readonly chance: number;
  happen(): Promise<void> | void;
}

let conversations = 0;

/**
 * Lets people write to a group at random while disturbances happen; resolves with the acknowledged messages when every message
 * has its outcome.
 */
export async function converse(
  people: readonly Person[],
  group: GroupId,
  {
    random,
    messages,
    disturbances,
    pauseMs = 6,
  }: { random: Random; messages: number; disturbances: readonly Disturbance[]; pauseMs?: number },
): Promise<Written> {
  const written = new Map<string, number>();
  const conversation = conversations++;
  const underWay: Promise<void>[] = [];
  for (let number = 0; number < messages; number++) {
    for (const { chance, happen } of disturbances) if (random.unit() < chance) await happen();
    const author = pickOne(random, people);
    const text = `${conversation}.${number} by ${author.name}`;
    underWay.push(
      author.say(group, text).then((outcome) => {
        assert.ok(outcome.ok, `${text}: ${JSON.stringify(outcome)}`);
        written.set(text, outcome.seq);
      }),
    );
    await new Promise((resolve) => setTimeout(resolve, random.unit() * pauseMs));
  }
  await Promise.all(underWay);
  return written;
}

/** Asserts that everybody has each acknowledged message once, in the order of the acknowledged seqs. */
export async function assertAgreement(people: readonly Person[], group: GroupId, written: Written): Promise<void> {
  const inOrder = [...written].sort(([, a], [, b]) => a - b).map(([text]) => text);
  for (const { name, texts } of people) {
    await until(
      () => texts(group).length >= inOrder.length,
      `${name} has ${inOrder.length} messages, not ${texts(group).length}`,
    );
    assert.deepEqual(texts(group), inOrder, `what ${name} has`);
  }
  for (const { name, unreadable } of people) assert.deepEqual(unreadable, [], `what ${name} could not read`);
}

/** Breaks the connection of one of these people, without a closing handshake. */
export function interruptions(people: readonly Person[], random: Random, chance: number): Disturbance {
  return { chance, happen: () => pickOne(random, people).client.mailbox.interrupt() };
}
