import assert from "node:assert/strict";
import { test } from "node:test";
import { missingConnections } from "./measure-cell.ts";

test("a cell is invalid if its servers count fewer connections than there are clients, and valid if they count more", () => {
  assert.deepEqual(missingConnections([100, 100], 200), []);
  assert.deepEqual(missingConnections([100, 130], 200), []);
  const [missing] = missingConnections([100, 98], 200);
  assert.equal(missing?.code, "connections_missing");
  assert.match(missing?.detail ?? "", /198 connections of 200 clients/);
});
