import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../../platform/random.ts";
import { FakeClock } from "../../testing/fake-clock.ts";
import { Pings, pingSeconds } from "./pings.ts";

/** What is pinged, second by second. */
function pinged(idleSecondsMax: number) {
  const clock = new FakeClock();
  const seconds: string[] = [];
  const ping = (socket: string) => void seconds.push(`${socket} ${clock.monotonic()}`);
  const pings = new Pings<string>({ clock, random: seededRandom(1), idleSecondsMax, ping });
  const from = clock.monotonic();
  const of = (socket: string) =>
    seconds
      .map((line) => line.split(" "))
      .filter(([name]) => name === socket)
      .map(([, at]) => (Number(at) - from) / 1000);
  return { clock, pings, of };
}

test("each connection is pinged well within a minute, after pauses that differ", async () => {
  const { clock, pings, of } = pinged(60);
  const sockets = Array.from({ length: 50 }, (_, i) => `socket${i}`);
  for (const socket of sockets) pings.add(socket);
  await clock.advance(300_000);
  const pauses = new Set<number>();
  for (const socket of sockets) {
    const times = [0, ...of(socket)];
    assert.ok(times.length > 300 / 25, `${times.length}`);
    times.slice(1).forEach((at, i) => pauses.add(at - (times[i] ?? 0)));
  }
  assert.deepEqual([Math.min(...pauses), Math.max(...pauses)], [15, 25]);
  assert.equal(pauses.size, 11);
  const first = new Set(sockets.map((socket) => of(socket)[0]));
  assert.ok(first.size > 5, "connections of one moment are pinged in different ones");
});

test("a connection that has ended is pinged no more, and none is when the pings have stopped", async () => {
  const { clock, pings, of } = pinged(60);
  for (const socket of ["stays", "ends"]) pings.add(socket);
  await clock.advance(30_000);
  pings.delete("ends");
  const [before, stays] = [of("ends").length, of("stays").length];
  await clock.advance(60_000);
  assert.equal(of("ends").length, before);
  assert.ok(of("stays").length > stays);
  pings.stop();
  assert.equal(clock.waiting, 0);
});

test("whatever silence is allowed, a connection is asked twice within it", () => {
  for (let idle = 8; idle <= 960; idle++) {
    const { min, max } = pingSeconds(idle);
    assert.ok(min >= 1 && min <= max && max * 2 <= idle && max <= 25, `${idle}: ${min} to ${max}`);
  }
});
