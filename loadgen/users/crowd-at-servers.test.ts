import assert from "node:assert/strict";
import { after, before, suite, type TestContext, test } from "node:test";
import { systemClock as clock } from "../../core/platform/clock.ts";
import { seededRandom } from "../../core/platform/random.ts";
import { deploy, type TestDeployment } from "../../core/testing/deployment.ts";
import { keyPair } from "../../core/testing/key-pairs.ts";
import { until } from "../../core/testing/until.ts";
import { clientMessageId } from "../../core/wire/ids.ts";
import { MeasuredWindow } from "../workload/measured-window.ts";
import { drawPopulation } from "../workload/population.ts";
import { preset } from "../workload/workload.ts";
import { Crowd } from "./crowd.ts";
import { Observation } from "./observation.ts";
import { SimulatedUser } from "./simulated-user.ts";

suite("a crowd", () => {
  let deployment: TestDeployment;
  before(async () => {
    deployment = await deploy();
  });
  after(() => deployment.stop());

  /** Two users in one group, connected to the deployment until the test ends. */
  async function newCrowd(context: TestContext, openShare: number) {
    const parsed = preset("rooms", {
      clients: 2,
      groups: [{ count: 1, sizes: { kind: "fixed", size: 2 } }],
      encryption: { mode: "real", openShare },
    });
    assert.ok(parsed.ok);
    const workload = parsed.value;
    const observation = new Observation({ clock, window: new MeasuredWindow(), lateness: [], stampOffsetMicros: 0 });
    const crowd = new Crowd(
      {
        thread: 0,
        workload: { ...workload, threads: 1 },
        target: deployment.target,
        accounts: { kind: "signUp", namePrefix: `share${openShare}-`, password: "simulated" },
        keyPairs: [await keyPair(0)],
      },
      drawPopulation(workload, seededRandom(1)),
      { observation, clock, random: seededRandom(2), newUser: (setup) => new SimulatedUser(setup, observation) },
    );
    context.after(() => crowd.close());
    await crowd.connect();
    await crowd.join(await crowd.found());
    return { crowd, observation };
  }

  for (const [what, openShare, unreadable] of [
    ["opens all deliveries finds one that cannot be opened", 1, 2],
    ["opens no deliveries does not find one that cannot be opened", 0, 0],
  ] as const) {
    test(`that ${what}`, async (context) => {
      const { crowd, observation } = await newCrowd(context, openShare);
      const group = crowd.groupAt(0);
      const before = observation.deliveries;
      const { ok } = await new Promise<{ ok: boolean }>((resolve) => {
        crowd.userAt(0).sendBytes(group, new Uint8Array(200), clientMessageId(1n), resolve);
      });
      assert.ok(ok);
      await until(() => observation.deliveries === before + 2, "both members have got it");
      // Behind what is still being opened.
      for (const { client } of crowd.users.values()) await client.conversation(group).refresh();
      assert.equal(observation.audit().undecryptable, unreadable);
    });
  }
});
