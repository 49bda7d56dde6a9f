import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { Failure } from "../platform/failure.ts";
import { FakeClock } from "../testing/fake-clock.ts";
import { judgeAll } from "./judge-all.ts";
import type { Mutant } from "./mutant.ts";
import type { Verdict } from "./workshop.ts";

const mutant = (file: string): Mutant => ({
  promise: { document: "README.md", words: "gates shut by themselves" },
  file,
  from: "shut()",
  to: "open()",
  tests: [`${file}.test.ts`, "house.test.ts"],
});

/** Judges mutants for which the workshop answers these verdicts. */
async function judged(
  verdicts: readonly (Verdict | "stop")[],
  { sound = { kind: "survived" }, verbose = false }: { readonly sound?: Verdict; readonly verbose?: boolean } = {},
) {
  const clock = new FakeClock();
  const printed: string[] = [];
  const did: string[] = [];
  let isStopped = false;
  const waiting = [...verdicts];
  const workshop = {
    get isStopped() {
      return isStopped;
    },
    restore: async () => void did.push("restored"),
    async test(files: readonly string[]): Promise<Verdict> {
      did.push(`tested ${files.join()}`);
      return sound;
    },
    async judge({ file }: Mutant): Promise<Verdict> {
      did.push(`judged ${file}`);
      await clock.advance(4000);
      const verdict = waiting.shift() ?? "stop";
      if (verdict !== "stop") return verdict;
      isStopped = true;
      return { kind: "broken", complaint: "it was ended" };
    },
  };
  const mutants = verdicts.map((_, i) => [`gate ${i} is open`, mutant(`gate${i}`)] as const);
  const code = await judgeAll(mutants, { workshop, clock, print: (line) => printed.push(line), verbose });
  return { code, did, printed: printed.join("\n") };
}

const caught: Verdict = { kind: "caught", by: ["gate0.test.ts: shuts", "house.test.ts: stays cool"] };

suite("a list of mutants", () => {
  test("of which all are caught ends with 0, after its tests have passed without any", async () => {
    const { code, did, printed } = await judged([caught, caught]);
    assert.equal(code, 0);
    assert.deepEqual(did, [
      "restored",
      "tested gate0.test.ts,house.test.ts,gate1.test.ts",
      "judged gate0",
      "judged gate1",
    ]);
    assert.match(printed, /^caught {3}gate 0 is open, 4 s\n +gate0\.test\.ts: shuts\ncaught {3}gate 1/);
    assert.match(printed, /\n2 of 2 mutants caught$/);
  });

  test("names all tests that have caught a mutant where that is asked for, and the first otherwise", async () => {
    assert.doesNotMatch((await judged([caught])).printed, /stays cool/);
    assert.match((await judged([caught], { verbose: true })).printed, /shuts\n +house\.test\.ts: stays cool/);
  });

  test("of which one is not caught ends with 1, and says what it breaks, what it changes and what did not notice", async () => {
    for (const verdict of [
      { kind: "survived" },
      { kind: "refused", complaint: "no such function" },
      { kind: "broken", complaint: "no such file" },
    ] as const) {
      const { code, printed } = await judged([caught, verdict]);
      assert.equal(code, 1);
      for (const part of [
        verdict.kind,
        "gates shut by themselves (README.md)",
        "gate1: shut()",
        "→ open()",
        "gate1.test.ts",
      ])
        assert.ok(printed.includes(part), part);
      if ("complaint" in verdict) assert.ok(printed.includes(verdict.complaint));
      assert.match(printed, /\n1 of 2 mutants caught$/);
    }
  });

  test("is not judged by tests that fail without any mutant", async () => {
    await assert.rejects(
      judged([caught], { sound: caught }),
      (cause) => cause instanceof Failure && cause.code === "tests_fail" && cause.message.includes("stays cool"),
    );
  });

  test("that is stopped ends with 130, and says after how many", async () => {
    const { code, did, printed } = await judged([caught, "stop", caught]);
    assert.equal(code, 130);
    assert.equal(did.at(-1), "judged gate1");
    assert.match(printed, /\n1 of 3 mutants caught; stopped after 1$/);
  });
});
