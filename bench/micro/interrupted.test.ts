import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { inlineCrypto } from "../../core/client/index.ts";
import { silentLog as log } from "../../core/platform/log.ts";
import { keyPair } from "../../core/testing/key-pairs.ts";
import { type Interruptible, interruptedAt } from "../report/interrupted-run.ts";
import type { MicroDocument } from "../report/results.ts";
import { PseudoTerminal } from "../started/pseudo-terminal.ts";
import { sharedLaboratory } from "../started/testing/shared-laboratory.ts";
import { microCryptoDefaults, runMicroCrypto } from "./crypto.ts";
import { runMicroGui } from "./gui.ts";

const small = {
  keys: 4,
  incomingPerSecond: 50,
  incomingSeconds: 1,
  idleSeconds: 1,
  quietSeconds: 0.2,
  machine: { effort: "simulated", crypto: { ...inlineCrypto, generateKeys: () => keyPair(1) } },
  log,
  openLaboratory: sharedLaboratory,
} as const;

suite("a benchmark of single operations that is interrupted ends, and has handed over what it measured:", () => {
  test("micro crypto, the operations before, as far as they were measured", async () => {
    const soFar = await interruptedAt(/round 2/, (watch: Interruptible<MicroDocument>) =>
      runMicroCrypto({
        ...microCryptoDefaults,
        seconds: 0.001,
        rsaBits: [1024],
        generatedBits: [],
        fernetBytes: [100],
        wrapBatches: [1],
        groupMembers: 4,
        wrapsPerTask: [2],
        slow: false,
        ...watch,
      }),
    );
    assert.ok((soFar?.comparisons.length ?? 0) > 5);
    for (const { arms } of soFar?.comparisons ?? []) for (const { rounds } of arms) assert.equal(rounds.length, 1);
  });

  const skip = PseudoTerminal.isPossible() ? false : "util-linux's script is missing";
  test("micro gui, while the conversation is written", { skip }, async () => {
    const sizes = { ...small, messages: 100 };
    await interruptedAt(/^50 of 100/, (watch: Interruptible<MicroDocument>) => runMicroGui({ ...sizes, ...watch }));
  });

  test("micro gui, what the screen had shown", { skip }, async () => {
    const sizes = { ...small, messages: 20 };
    const soFar = await interruptedAt(/^4 keys$/, (watch: Interruptible<MicroDocument>) =>
      runMicroGui({ ...sizes, ...watch }),
    );
    assert.deepEqual(
      soFar?.figures.map(({ name }) => name),
      ["messages in the vault", "start to usable", "opening the large conversation"],
    );
  });
});
