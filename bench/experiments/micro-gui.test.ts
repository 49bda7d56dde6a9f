import assert from "node:assert/strict";
import { inlineCrypto } from "../../core/client/account/this-machine.ts";
import { keyPair } from "../../core/testing/key-pairs.ts";
import { PseudoTerminal } from "../started/pseudo-terminal.ts";
import { acceptBenchmark, figureOf } from "../testing/acceptance.ts";
import { microGui, runMicroGui } from "./micro-gui.ts";

const tiny = {
  messages: 30,
  keys: 4,
  incomingPerSecond: 50,
  incomingSeconds: 0.5,
  idleSeconds: 0.3,
  quietSeconds: 0.2,
  machine: { effort: "simulated", crypto: { ...inlineCrypto, generateKeys: () => keyPair(1) } },
} as const;

const longer = { ...tiny, incomingSeconds: 1, idleSeconds: 1 };

acceptBenchmark(microGui, {
  skip: PseudoTerminal.isPossible() ? false : "util-linux's script is missing",
  tiny: {
    fact: "starts the client, types while messages come in, and leaves",
    run: (parts) => runMicroGui(tiny, parts),
    check(run) {
      assert.equal(figureOf(run, "messages in the vault"), 30);
      assert.equal(figureOf(run, "exit code"), 0);
      for (const { name, value } of run.figures) assert.ok(value !== null && Number.isFinite(value), name);
      assert.match(microGui.table(run), /key to screen/);
    },
  },
  interrupted: [
    {
      fact: "nothing while the conversation is written",
      at: /^50 of 100/,
      run: (parts) => runMicroGui({ ...longer, messages: 100 }, parts),
      check: (soFar) => assert.equal(soFar, undefined),
    },
    {
      fact: "the figures of what the screen had shown",
      at: /^4 keys$/,
      run: (parts) => runMicroGui({ ...longer, messages: 20 }, parts),
      check: (soFar) =>
        assert.deepEqual(
          soFar?.figures.map(({ name }) => name),
          ["messages in the vault", "start to usable", "opening the large conversation"],
        ),
    },
  ],
});
