import assert from "node:assert/strict";
import { test } from "node:test";
import { groupId } from "../../wire/ids.ts";
import { groupsMeant } from "./group-lookup.ts";

const groups = [
  { group: groupId(7), title: "climbing" },
  { group: groupId(8), title: "Climbing on Sunday" },
  { group: groupId(9), title: "CATS" },
  { group: groupId(10), title: undefined },
  { group: groupId(11), title: "9" },
];
const meant = (typed: string) => groupsMeant(groups, typed).map(({ group }) => Number(group));

test("a group is meant by its id, its title, or the beginning of its title, in that order", () => {
  assert.deepEqual(meant("9"), [9]);
  assert.deepEqual(meant("climbing"), [7]);
  assert.deepEqual(meant("clim"), [7, 8]);
  assert.deepEqual(meant("climbing o"), [8]);
  assert.deepEqual(meant(" ｃats "), [9]);
});

test("an empty text, or one that no title begins with, finds no group", () => {
  for (const typed of ["", " ", "unday", "12"]) assert.deepEqual(meant(typed), [], typed);
});
