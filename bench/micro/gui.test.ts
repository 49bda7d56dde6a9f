import assert from "node:assert/strict";
import { test } from "node:test";
import { inlineCrypto } from "../../core/client/index.ts";
import { silentLog } from "../../core/platform/log.ts";
import { keyPair } from "../../core/testing/key-pairs.ts";
import { resultsSchema } from "../report/results.ts";
import { figuresTable } from "../report/tables.ts";
import { PseudoTerminal } from "../started/pseudo-terminal.ts";
import { sharedLaboratory } from "../started/testing/shared-laboratory.ts";
import { runMicroGui } from "./gui.ts";

const skip = PseudoTerminal.isPossible() ? false : "util-linux's script is missing";

test("micro gui starts the client, types while messages come in, and leaves", { skip }, async () => {
  const run = await runMicroGui({
    messages: 30,
    keys: 4,
    incomingPerSecond: 50,
    incomingSeconds: 0.5,
    idleSeconds: 0.3,
    quietSeconds: 0.2,
    machine: { effort: "simulated", crypto: { ...inlineCrypto, generateKeys: () => keyPair(1) } },
    log: silentLog,
    openLaboratory: sharedLaboratory,
    signal: new AbortController().signal,
  });
  resultsSchema.parse(run);
  const value = (name: string) => run.figures.find((figure) => figure.name === name)?.value;
  assert.equal(value("messages in the vault"), 30);
  assert.equal(value("exit code"), 0);
  for (const { name, value: of } of run.figures) assert.ok(of !== null && Number.isFinite(of), name);
  assert.match(figuresTable(run), /key to screen/);
});
