import assert from "node:assert/strict";
import { test } from "node:test";
import { z } from "zod";
import { present } from "../testing/present.ts";
import { complaintOf, shortened } from "./schema-complaint.ts";

const complaintAbout = (value: unknown) =>
  complaintOf(present(z.object({ at: z.array(z.number("no number")) }).safeParse(value).error));

test("a complaint says what is wrong and where", () => {
  assert.equal(complaintAbout({ at: [1, "x"] }), "✖ no number\n  → at at[1]");
});

test("of a thousand faults a complaint names five", () => {
  const complaint = complaintAbout({ at: Array.from({ length: 1000 }, () => "x") });
  assert.equal(complaint.split("✖").length - 1, 5);
});

test("a text of up to 500 characters is whole, and a longer one ends there", () => {
  assert.equal(shortened("x".repeat(500)), "x".repeat(500));
  assert.equal(shortened("x".repeat(501)), `${"x".repeat(500)}…`);
});
