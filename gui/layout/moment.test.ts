import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { clockTime, dayText, durationText, shortMoment } from "./moment.ts";

/** In the time zone of this machine. */
const at = (year: number, month: number, day: number, hour = 12, minute = 0) =>
  new Date(year, month - 1, day, hour, minute).getTime();
const now = at(2026, 11, 25, 14, 0);

suite("a moment", () => {
  test("is a time of day with two digits each", () => {
    assert.equal(clockTime(at(2026, 11, 25, 9, 5)), "09:05");
    assert.equal(clockTime(at(2026, 11, 25, 23, 59)), "23:59");
  });

  test("is on today, yesterday, or a day with its name; another year is named", () => {
    assert.equal(dayText(at(2026, 11, 25, 0, 0), now), "today");
    assert.equal(dayText(at(2026, 11, 24, 23, 59), now), "yesterday");
    assert.equal(dayText(at(2026, 11, 23), now), "Monday, 23 November");
    assert.equal(dayText(at(2026, 11, 26), now), "Thursday, 26 November");
    assert.equal(dayText(at(2025, 11, 25), now), "Tuesday, 25 November 2025");
    assert.equal(dayText(at(2025, 12, 31), at(2026, 1, 1)), "yesterday");
  });

  test("has the name of its weekday and of its month", () => {
    const later = at(2027, 6, 15);
    assert.deepEqual(
      Array.from({ length: 7 }, (_, day) => dayText(at(2026, 11, day + 1), now).split(",")[0]),
      ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"],
    );
    assert.deepEqual(
      Array.from({ length: 12 }, (_, month) => dayText(at(2026, month + 1, 2), later).split(" ")[2]),
      "January February March April May June July August September October November December".split(" "),
    );
  });

  test("in a list is a time today, a day in this year, and else a month", () => {
    assert.equal(shortMoment(at(2026, 11, 25, 9, 5), now), "09:05");
    assert.equal(shortMoment(at(2026, 11, 24, 9, 5), now), "24 Nov");
    assert.equal(shortMoment(at(2026, 1, 3), now), "3 Jan");
    assert.equal(shortMoment(at(2025, 2, 3), now), "02/2025");
  });
});

test("how long messages are kept is in the largest unit that fits, and one of it is not several", () => {
  for (const [seconds, text] of [
    [0, "for ever"],
    [60, "1 minute"],
    [90, "2 minutes"],
    [3600, "1 hour"],
    [5400, "90 minutes"],
    [7200, "2 hours"],
    [86_400, "1 day"],
    [90_000, "25 hours"],
    [604_800, "7 days"],
  ] as const)
    assert.equal(durationText(seconds), text);
});
