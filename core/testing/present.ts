import assert from "node:assert/strict";

/** A value that a test takes out of a list, a map or an optional field; the test fails if there is none. */
export function present<T>(value: T | undefined | null, what = "a value that the test needs"): T {
  return value ?? assert.fail(`${what} is missing`);
}
