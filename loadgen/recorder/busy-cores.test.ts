import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "../../core/testing/fake-clock.ts";
import { watchBusyCores } from "./busy-cores.ts";

test("busy cores are the CPU seconds since the watch began, by the seconds since then", () => {
  const clock = new FakeClock();
  let cpuSeconds = 100;
  const busyCores = watchBusyCores(clock, () => cpuSeconds);
  clock.stall(4000);
  cpuSeconds += 3;
  assert.equal(busyCores(), 0.75);
});
