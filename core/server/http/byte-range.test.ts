import assert from "node:assert/strict";
import { test } from "node:test";
import { byteRange } from "./byte-range.ts";

const of100 = (header: string | undefined) => byteRange(header, 100);

test("a range of bytes is cut at the end of the file", () => {
  for (const [header, start, end] of [
    ["bytes=0-0", 0, 0],
    ["bytes=0-99", 0, 99],
    ["bytes=10-", 10, 99],
    ["bytes=99-", 99, 99],
    ["bytes=50-1000", 50, 99],
    [`bytes=0-${"9".repeat(400)}`, 0, 99],
    ["bytes=-1", 99, 99],
    ["bytes=-100", 0, 99],
    ["bytes=-101", 0, 99],
    [`bytes=-${"9".repeat(400)}`, 0, 99],
    ["bytes= 5-6\t", 5, 6],
    ["Bytes=5-6", 5, 6],
  ] as const)
    assert.deepEqual(of100(header), { start, end }, header);
});

test("a range without any byte of the file is unsatisfiable", () => {
  for (const header of ["bytes=100-", "bytes=100-200", "bytes=-0", `bytes=${"9".repeat(400)}-`])
    assert.equal(of100(header), "unsatisfiable", header);
});

test("a header without a range of bytes, or with several, is ignored", () => {
  for (const header of [
    undefined,
    "",
    "bytes",
    "bytes=",
    "bytes=-",
    "bytes=5",
    "bytes=9-5",
    "bytes=0-1,5-6",
    "bytes=0x1-5",
    "bytes=1e1-50",
    "bytes=+1-5",
    "bytes=-5-",
    "bytes=a-b",
    "bytes 0-5",
    "lines=1-2",
    "nonsense",
  ])
    assert.equal(of100(header), undefined, header);
});
