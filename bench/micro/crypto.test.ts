import assert from "node:assert/strict";
import { test } from "node:test";
import { resultsSchema } from "../report/results.ts";
import { runMicroCrypto } from "./crypto.ts";
import { microCryptoNotes, microCryptoTables } from "./crypto-tables.ts";

test("micro crypto measures every operation by both ways, and says where the pool begins", async () => {
  const run = await runMicroCrypto({
    rounds: 1,
    seconds: 0.001,
    rsaBits: [1024],
    generatedBits: [512],
    fernetBytes: [100],
    wrapBatches: [1, 8],
    groupMembers: 20,
    wrapsPerTask: [5, 20],
    slow: false,
    signal: new AbortController().signal,
  });
  for (const { operation, arms } of run.comparisons) {
    assert.ok(arms.length > 0, operation);
    for (const { arm, rounds, heldMicrosPerCall } of arms) {
      assert.ok(rounds.length === 1 && (rounds[0]?.calls ?? 0) > 0, `${operation} ${arm}`);
      assert.ok(heldMicrosPerCall.median > 0, `${operation} ${arm}`);
    }
  }
  const tables = microCryptoTables(run);
  for (const shown of ["unwrap, RSA-1024", "seal a message of 128 B", "server startLogin", "20 in all"]) {
    assert.ok(tables.includes(shown), shown);
  }
  assert.match(microCryptoNotes(run).join("\n"), /inlineWrapsMax is \d/);
  resultsSchema.parse(run);
});
