import assert from "node:assert/strict";

/** What a test takes out of a list, a map or an optional field, where it has to be; the test fails where it is not. */
export function present<T>(value: T | undefined | null, what = "what the test takes"): T {
  return value ?? assert.fail(`${what} is not there`);
}
