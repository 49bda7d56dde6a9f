import assert from "node:assert/strict";
import { test } from "node:test";
import { bytesText } from "./bytes-text.ts";

test("a size has the largest unit of which there is one, and a decimal below a hundred of them", () => {
  for (const [bytes, text] of [
    [0, "0 B"],
    [1, "1 B"],
    [1023, "1023 B"],
    [1024, "1.0 KiB"],
    [1536, "1.5 KiB"],
    [99.9 * 1024, "99.9 KiB"],
    [100 * 1024, "100 KiB"],
    [150.6 * 1024, "151 KiB"],
    [1024 ** 2 - 1, "1024 KiB"],
    [1024 ** 2, "1.0 MiB"],
    [20 * 1024 ** 2, "20.0 MiB"],
    [3 * 1024 ** 3, "3.0 GiB"],
    [2.5 * 1024 ** 4, "2.5 TiB"],
    [5000 * 1024 ** 4, "5000 TiB"],
  ] as const)
    assert.equal(bytesText(bytes), text);
});
