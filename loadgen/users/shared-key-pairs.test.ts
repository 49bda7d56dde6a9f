import assert from "node:assert/strict";
import { test } from "node:test";
import { unusedKeyPairs } from "../testing/fake-users.ts";
import { makeKeyPairs, sharedKeyPair } from "./shared-key-pairs.ts";

test("users share key pairs in turn", () => {
  const pairs = [unusedKeyPairs, { ...unusedKeyPairs }, { ...unusedKeyPairs }];
  assert.deepEqual(
    [0, 1, 2, 3, 7].map((user) => pairs.indexOf(sharedKeyPair(pairs, user))),
    [0, 1, 2, 0, 1],
  );
  assert.throws(() => sharedKeyPair([], 1), /no key pairs to share/);
});

test("as many key pairs are made as are asked for", async () => {
  assert.deepEqual(await makeKeyPairs(0), []);
});
