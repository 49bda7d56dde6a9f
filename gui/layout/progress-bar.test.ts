import assert from "node:assert/strict";
import { test } from "node:test";
import { styled } from "../testing/styled.ts";
import { textOfLine } from "./line.ts";
import { progressBar } from "./progress-bar.ts";

const bar = (done: number, of: number, columns: number) => textOfLine(progressBar(done, of, columns));

test("a bar is filled by eighths of a column, and its percentage is rounded down", () => {
  assert.equal(bar(0, 8, 14), "░░░░░░░░   0 %");
  assert.equal(bar(1, 8, 14), "█░░░░░░░  12 %");
  assert.equal(bar(5, 8, 14), "█████░░░  62 %");
  assert.equal(bar(8, 8, 14), "████████ 100 %");
  assert.equal(bar(799, 800, 14), "███████▉  99 %");
  assert.deepEqual(
    [1, 2, 3, 4, 5, 6, 7].map((eighth) => bar(eighth, 8, 7)),
    ["▏  12 %", "▎  25 %", "▍  37 %", "▌  50 %", "▋  62 %", "▊  75 %", "▉  87 %"],
  );
});

test("of an unknown size nothing is done, and never more than all is", () => {
  assert.equal(bar(5, 0, 10), "░░░░   0 %");
  assert.equal(bar(9, 8, 10), "████ 100 %");
  assert.equal(bar(-1, 8, 10), "░░░░   0 %");
});

test("without room for a bar the percentage stays", () => {
  assert.equal(bar(1, 2, 3), "  50 %");
});

test("what is done stands out from what is not", () => {
  assert.deepEqual(styled(progressBar(1, 2, 8)), ["online: █", "border: ░", "dim: 50 %"]);
});
