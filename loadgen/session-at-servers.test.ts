import assert from "node:assert/strict";
import { before, suite, test } from "node:test";
import { type IdentityKeyPairs } from "../core/client/index.ts";
import { systemClock } from "../core/platform/clock.ts";
import { connect } from "../core/store/database.ts";
import { deploy } from "../core/testing/deployment.ts";
import { until } from "../core/testing/until.ts";
import { LoadSession, type SessionOptions } from "./load-session.ts";
import type { Progress } from "./threads/crew.ts";
import { makeKeyPairs } from "./users/shared-key-pairs.ts";
import { preset } from "./workload/workload.ts";

const few = preset("rooms", { clients: 12, groups: [{ count: 3, sizes: { kind: "fixed", size: 4 } }], churn: {} });
assert.ok(few.ok);
const workload = few.value;

const stretch = {
  arrivals: { kind: "constant", ratePerSecond: 50 },
  churn: workload.churn,
  warmUpSeconds: 0.1,
  durationSeconds: 1,
  settleSeconds: 30,
} as const;

suite("a load session", () => {
  let keyPairs: readonly IdentityKeyPairs[];
  before(async () => {
    keyPairs = await makeKeyPairs(1);
  });

  function open(target: string, of: Partial<SessionOptions> = {}): Promise<LoadSession> {
    const accounts = { kind: "signUp", namePrefix: "user", password: "simulated" } as const;
    return LoadSession.open({ workload, target, accounts, keyPairs, ...of });
  }

  test("measures each stretch by itself, and audits all of them together", async () => {
    const deployment = await deploy();
    const session = await open(deployment.target);
    const slow = await session.run(stretch);
    const fast = await session.run({ ...stretch, arrivals: { kind: "constant", ratePerSecond: 200 } });
    assert.equal(Math.round(slow.offeredPerSecond), 50);
    assert.equal(Math.round(fast.offeredPerSecond), 200);
    const audit = await session.audit();
    assert.deepEqual(audit.breaches, []);
    assert.ok(audit.sent >= 50 + 200, `${audit.sent} were sent`);
    assert.equal(audit.delivered, audit.expected);
    await session.close();
    await deployment.stop();
  });

  test("measures from the end of the warm-up until the end of the stretch", async () => {
    const deployment = await deploy();
    const session = await open(deployment.target);
    const beganMs = systemClock.monotonic();
    const moments: (readonly [moment: string, atMs: number])[] = [];
    const onMeasure = async (moment: string) => void moments.push([moment, systemClock.monotonic() - beganMs]);
    await session.run({ ...stretch, warmUpSeconds: 0.8, durationSeconds: 0.3, onMeasure });
    const [[first, fromMs] = assert.fail("nothing was measured"), [second, untilMs] = assert.fail("it never ended")] =
      moments;
    assert.deepEqual([first, second, moments.length], ["begin", "end", 2]);
    // Timers may be late, and early by less than a millisecond each.
    assert.ok(fromMs >= 798 && untilMs >= 798 + 298, `${fromMs} to ${untilMs} ms`);
    await session.close();
    await deployment.stop();
  });

  test("whose messages have no outcome when it ends is invalid, and says how many they are", async () => {
    const deployment = await deploy();
    const session = await open(deployment.target);
    const locking = await connect(deployment.databaseUrl);
    await locking.query("BEGIN");
    const onMeasure = async (moment: "begin" | "end") => {
      if (moment === "begin") await locking.query("LOCK TABLE messages IN ACCESS EXCLUSIVE MODE");
    };
    const { valid, failures, invalidReasons } = await session.run({ ...stretch, settleSeconds: 0.1, onMeasure });
    assert.equal(valid, false);
    const reason = invalidReasons.find(({ code }) => code === "unsettled");
    assert.ok((failures.no_outcome ?? 0) > 0);
    assert.equal(reason?.detail, `${failures.no_outcome} messages had no outcome at the end`);
    await locking.end();
    await session.close();
    await deployment.stop();
  });

  test("that is cut short has the figures of the time until then, its users come back, and it is audited", async () => {
    const deployment = await deploy({ servers: 2 });
    const stopping = new AbortController();
    let shown: Progress | undefined;
    const session = await open(deployment.target, {
      signal: stopping.signal,
      onProgress(progress) {
        shown = progress;
      },
    });
    const churn = { awayShare: 1, awaySeconds: 3600, removedShare: 0.5, removedSeconds: 3600 };
    const running = session.run({ ...stretch, churn, durationSeconds: 600, cutShort: true });
    await until(() => shown?.phase === "measuring" && shown.deliveredPerSecond > 0, "deliveries are measured");
    stopping.abort();
    const result = await running;
    assert.ok(result.seconds > 0 && result.seconds < 600, String(result.seconds));
    assert.ok(result.offeredPerSecond > 10, `${result.offeredPerSecond} messages/s in ${result.seconds} s`);
    const audit = await session.audit();
    assert.deepEqual(audit.breaches, []);
    assert.equal(audit.delivered, audit.expected);
    await session.close();
    await deployment.stop();
  });

  test("whose signal is aborted before it begins fails at once", async () => {
    const deployment = await deploy();
    await assert.rejects(open(deployment.target, { signal: AbortSignal.abort() }), { code: "interrupted" });
    await deployment.stop();
  });
});
