import assert from "node:assert/strict";
import { acceptBenchmark } from "../testing/acceptance.ts";
import { microCrypto, runMicroCrypto } from "./micro-crypto.ts";

acceptBenchmark(microCrypto, {
  tiny: {
    fact: "measures every operation in both ways, and says from which batch on the pool is used",
    run: (parts) =>
      runMicroCrypto(
        {
          rounds: 1,
          seconds: 0.001,
          rsaBits: [1024],
          generatedBits: [512],
          fernetBytes: [100],
          wrapBatches: [1, 8],
          groupMembers: 20,
          wrapsPerTask: [5, 20],
          slow: false,
        },
        parts,
      ),
    check(run) {
      for (const { operation, arms } of run.comparisons) {
        assert.ok(arms.length > 0, operation);
        for (const { arm, rounds, heldMicrosPerCall } of arms) {
          assert.ok(rounds.length === 1 && (rounds[0]?.calls ?? 0) > 0, `${operation} ${arm}`);
          assert.ok(heldMicrosPerCall.median > 0, `${operation} ${arm}`);
        }
      }
      const tables = microCrypto.table(run);
      for (const shown of ["unwrap, RSA-1024", "seal a message of 128 B", "server startLogin", "20 in all"]) {
        assert.ok(tables.includes(shown), shown);
      }
      assert.doesNotMatch(tables, /±/, "one round has no interval");
      assert.match(microCrypto.notes?.(run).join("\n") ?? "", /inlineWrapsMax is \d/);
    },
  },
  interrupted: [
    {
      fact: "the operations before, as far as they were measured",
      at: /round 2/,
      run: (parts) =>
        runMicroCrypto(
          {
            rounds: 6,
            seconds: 0.001,
            rsaBits: [1024],
            generatedBits: [],
            fernetBytes: [100],
            wrapBatches: [1],
            groupMembers: 4,
            wrapsPerTask: [2],
            slow: false,
          },
          parts,
        ),
      check(soFar) {
        assert.ok((soFar?.comparisons.length ?? 0) > 5);
        for (const { arms } of soFar?.comparisons ?? []) for (const { rounds } of arms) assert.equal(rounds.length, 1);
      },
    },
  ],
});
