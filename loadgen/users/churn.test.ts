import assert from "node:assert/strict";
import { setMaxListeners } from "node:events";
import { test } from "node:test";
import { itemAt } from "../../core/platform/item-at.ts";
import { seededRandom } from "../../core/platform/random.ts";
import { accepted, refused } from "../../core/platform/result.ts";
import { FakeClock } from "../../core/testing/fake-clock.ts";
import { type GroupId, groupId } from "../../core/wire/ids.ts";
import { MeasuredWindow } from "../workload/measured-window.ts";
import type { Workload } from "../workload/workload.ts";
import { type ComingUser, churn } from "./churn.ts";

const clients = 20;
/** The measured time of the stretch, in milliseconds from its beginning. */
const fromMs = 1000;
const untilMs = 10_000;
const everybody = Array.from({ length: clients }, (_, i) => i);
const stays = { awayShare: 0, awaySeconds: 1, removedShare: 0, removedSeconds: 1 };

/** Twenty users, who are all in one group unless the test says otherwise; what they do is written down. */
function newChurn(of: Partial<Workload["churn"]>, { refuses = false, groups = [everybody] } = {}) {
  const clock = new FakeClock();
  const began = clock.monotonic();
  const window = new MeasuredWindow();
  window.begin(began, { warmUpSeconds: fromMs / 1000, durationSeconds: (untilMs - fromMs) / 1000 });
  const log: { readonly what: string; readonly who: string; readonly atMs: number }[] = [];
  const note = (what: string, who: string) => void log.push({ what, who, atMs: clock.monotonic() - began });
  const userOf = (index: number): ComingUser => ({
    leaveNetwork: () => note("leaves", `user${index}`),
    comeBack: () => note("comes back", `user${index}`),
    client: {
      changeGroup(group, change) {
        changed.push(group);
        for (const name of change.names) note(change.action, name);
        return Promise.resolve(refuses ? refused({ code: "busy" }) : accepted(undefined));
      },
    },
  });
  const changed: GroupId[] = [];
  const failures: string[] = [];
  const stopping = new AbortController();
  setMaxListeners(0, stopping.signal); // Each user who leaves adds a listener.
  const done = churn({
    churn: { ...stays, ...of },
    population: {
      clients,
      groups: groups.map((members) => ({ founder: itemAt(members, 0), members, weight: 1, senders: "any" })),
    },
    crowd: {
      users: new Map(everybody.map((index) => [index, userOf(index)])),
      groupAt: (number) => groupId(70 + number),
      nameOf: (client) => `user${client}`,
    },
    observation: { failed: (code) => void failures.push(code) },
    window,
    clock,
    random: seededRandom(1),
    signal: stopping.signal,
  });
  const who = (what: string) => log.filter((line) => line.what === what).map((line) => line.who);
  const times = (what: string) => log.filter((line) => line.what === what).map(({ atMs }) => atMs);
  return { clock, began, done, who, times, changed, failures, stopping };
}

test("a share of the users leave in the first two thirds of the measured time, and come back after their time away", async () => {
  const { clock, done, who, times } = newChurn({ awayShare: 0.3, awaySeconds: 2 });
  await clock.advance(untilMs);
  await done;
  assert.equal(new Set(who("leaves")).size, 6);
  assert.deepEqual(who("comes back").sort(), who("leaves").sort());
  for (const atMs of times("leaves")) assert.ok(atMs >= fromMs && atMs <= fromMs + (untilMs - fromMs) * (2 / 3));
  const backMs = times("comes back").sort((a, b) => a - b);
  const leftMs = times("leaves").sort((a, b) => a - b);
  for (const [i, atMs] of backMs.entries()) assert.ok(Math.abs(atMs - (leftMs[i] ?? 0) - 2000) < 1);
  assert.deepEqual([who("remove"), who("admit")], [[], []]);
});

test("a share of a group's members is removed and later admitted again", async () => {
  const { clock, began, done, who, times, failures } = newChurn({ removedShare: 0.6, removedSeconds: 3 });
  let overMs = 0;
  void done.then(() => (overMs = clock.monotonic() - began));
  await clock.advance(2 * untilMs);
  assert.equal(new Set(who("remove")).size, 11, "of 19");
  assert.deepEqual(who("admit"), who("remove"));
  const [removedMs = 0] = times("remove");
  const [admittedMs = 0] = times("admit");
  assert.ok(removedMs >= fromMs && Math.abs(admittedMs - removedMs - 3000) < 1);
  assert.equal(overMs, admittedMs, "and then all is over");
  assert.deepEqual([failures, who("leaves")], [[], []]);
});

test("a group's founder, who removes the others, is never among them", async () => {
  const { clock, done, who } = newChurn({ removedShare: 1 });
  await clock.advance(untilMs);
  await done;
  const all = Array.from({ length: clients - 1 }, (_, i) => `user${i + 1}`);
  assert.deepEqual(who("remove").sort(), all.sort());
});

test("a thread removes members of the groups that its own users have founded, where the share is somebody at all", async () => {
  const groups = [
    [0, 1, 2, 3, 4],
    [clients, 1, 2, 3, 4],
    [1, 2],
    [5, 6, 7, 8, 9],
  ];
  const { clock, done, changed } = newChurn({ removedShare: 0.4 }, { groups });
  await clock.advance(untilMs);
  await done;
  assert.deepEqual(
    changed.toSorted((a, b) => a - b),
    [70, 70, 73, 73],
  );
});

test("a change that is refused counts as a failure, with its code", async () => {
  const { clock, done, failures } = newChurn({ removedShare: 0.2 }, { refuses: true });
  await clock.advance(untilMs);
  await done;
  assert.deepEqual(failures, ["remove: busy", "admit: busy"]);
});

test("when the stretch is cut short nobody leaves any more, and those who are away or removed come back at once", async () => {
  const { clock, done, who, stopping } = newChurn({
    awayShare: 1,
    awaySeconds: 3600,
    removedShare: 1,
    removedSeconds: 3600,
  });
  await clock.advance(4000);
  const left = who("leaves");
  assert.ok(left.length > 0 && left.length < clients, `${left.length} have left`);
  stopping.abort();
  await done;
  assert.deepEqual(who("leaves"), left);
  assert.deepEqual(who("comes back").sort(), left.sort());
  assert.deepEqual(who("admit"), who("remove"));
});

test("when the stretch is cut short before its measured time, nobody leaves and nobody is removed", async () => {
  const { clock, done, who, stopping } = newChurn({ awayShare: 1, removedShare: 1 });
  await clock.advance(fromMs / 2);
  stopping.abort();
  await done;
  assert.deepEqual([who("leaves"), who("remove"), who("admit")], [[], [], []]);
});
