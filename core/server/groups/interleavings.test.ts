import { after, before, suite, test } from "node:test";
import { createIdentity } from "../../e2ee/identity.ts";
import { messageOf } from "../../platform/failure.ts";
import { connect, type Database } from "../../store/database.ts";
import { insertUser } from "../../store/users.ts";
import { testSeeds } from "../../testing/chaos.ts";
import { openFreshDatabase } from "../../testing/database.ts";
import { keyPair } from "../../testing/key-pairs.ts";
import { present } from "../../testing/present.ts";
import type { Someone } from "./testing/client-actions.ts";
import { type Weather, World } from "./testing/world.ts";
import { checkWorld } from "./testing/world-check.ts";

/**
 * Whatever a server loads, caches, gathers or reads again is up to date in the end, in whatever order the database answers
 * and the bus brings frames: real sessions, groups, fan-out, bus and queries, whose every step waits for its turn.
 */
const runs = 25;
const actionsPerRun = 60;

suite("in whatever order the database answers and the bus brings frames", () => {
  let database: Database;
  let writerConnection: Awaited<ReturnType<typeof connect>>;
  const people: Someone[] = [];
  before(async () => {
    database = await openFreshDatabase();
    writerConnection = await connect(database.url);
    const keys = await keyPair(0);
    for (const name of ["alice", "bob", "carol", "dave"]) {
      const identity = createIdentity(name, keys);
      const record = new Uint8Array(192);
      const user = await insertUser(database, { name, credential: name, record, identity: identity.public.bytes });
      people.push({ user: present(user), identity });
    }
  });
  after(() => writerConnection.end());

  for (const [what, weather] of [
    ["two servers whose bus loses nothing", { servers: 2, lossShare: 0, crashes: false, awayShare: 0 }],
    [
      "three servers whose bus loses what the sweep brings",
      { servers: 3, lossShare: 0.5, crashes: false, awayShare: 0 },
    ],
    ["servers that end and come back", { servers: 2, lossShare: 0, crashes: true, awayShare: 0 }],
    ["servers whose database is away now and then", { servers: 2, lossShare: 0, crashes: false, awayShare: 0.2 }],
  ] as const satisfies readonly (readonly [string, Weather])[]) {
    test(`${what} agree with the database in the end, and so do their clients`, async () => {
      for (const seed of testSeeds(runs)) {
        await database.query({
          text: "TRUNCATE groups, memberships, membership_log, wrapped_keys, messages, sessions",
        });
        const world = new World(seed, weather, { people, database, writerConnection });
        try {
          await world.start();
          for (let actions = 0; actions < actionsPerRun; ) {
            if (world.random.unit() < 0.6 && (await world.steps.next())) continue;
            await world.act();
            actions++;
          }
          await world.comeToRest();
          await checkWorld(world);
        } catch (cause) {
          throw new Error(`TEST_SEED=${seed} plays this again: ${messageOf(cause)}`, { cause });
        }
      }
    });
  }
});
