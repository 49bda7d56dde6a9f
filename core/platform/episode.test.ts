import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "../testing/fake-clock.ts";
import { Episode } from "./episode.ts";

function loggedEpisode() {
  const clock = new FakeClock();
  const lines: string[] = [];
  const episode = new Episode({
    clock,
    quietMs: 1000,
    began: () => lines.push("began"),
    over: (times) => lines.push(`over after ${times}`),
  });
  return { clock, lines, episode };
}

test("what happens a thousand times is reported when it begins and when it is over", async () => {
  const { clock, lines, episode } = loggedEpisode();
  for (let i = 0; i < 1000; i++) {
    episode.happened();
    await clock.advance(10);
  }
  assert.deepEqual([lines, episode.lasts], [["began"], true]);
  await clock.advance(2000);
  assert.deepEqual([lines, episode.lasts], [["began", "over after 1000"], false]);
  episode.happened();
  await clock.advance(3000);
  assert.deepEqual(lines.slice(2), ["began", "over after 1"]);
});

test("an episode that has not begun is stopped without a word", () => {
  const { lines, episode } = loggedEpisode();
  episode.stop();
  assert.deepEqual([lines, episode.lasts], [[], false]);
});

test("an episode that is stopped reports nothing any more", async () => {
  const { clock, lines, episode } = loggedEpisode();
  episode.happened();
  episode.stop();
  await clock.advance(10_000);
  assert.deepEqual(lines, ["began"]);
});
