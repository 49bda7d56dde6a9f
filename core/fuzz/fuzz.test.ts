import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { suite, test } from "node:test";
import { systemClock } from "../platform/clock.ts";
import { accepted, type Result, refused } from "../platform/result.ts";
import { givenSeed } from "../testing/chaos.ts";
import { FakeClock } from "../testing/fake-clock.ts";
import { allTargets } from "./all-targets.ts";
import { corpusDirectory, readCorpus } from "./corpus.ts";
import { growthOf, measureCosts } from "./cost.ts";
import { type FuzzOptions, fuzz } from "./fuzzer.ts";
import { type FuzzTarget, outcomeOf } from "./target.ts";
import { fuzzWatched } from "./watched-run.ts";

const targets = await allTargets();
const seed = givenSeed() ?? Math.floor(Math.random() * 2 ** 31);
const msMax = 100;

for (const target of targets) {
  const { name } = target;
  suite(`fuzzing ${name}`, () => {
    test("each input of the corpus has the outcome that its line says", async () => {
      const corpus = readCorpus(name);
      assert.ok(corpus.length > 0, `${name} has no corpus: npm run fuzz -- ${name} --save`);
      for (const { verdict, input, note } of corpus) {
        const outcome = await outcomeOf(target, input);
        const came = outcome.accepted ? "accepted" : "refused";
        const hex = Buffer.from(input).toString("hex").slice(0, 200);
        const mended = verdict === "found" ? `; this finding is mended: write "${came}" for it` : "";
        assert.equal(came, verdict, `${hex} (${note}): ${outcome.way}${mended}`);
      }
    });

    test("inputs made from the corpus are accepted or refused, and none throws", async (t) => {
      const corpus = readCorpus(name).map(({ input }) => input);
      const executionsMax = Number.MAX_SAFE_INTEGER;
      const report = await fuzz(target, { seed, corpus, executionsMax, msMax, clock: systemClock });
      const replay = `npm run fuzz -- ${name} --seed ${seed}`;
      t.diagnostic(`${report.executions} inputs; ${replay} plays them again`);
      const { finding } = report;
      const hex = Buffer.from(finding?.input ?? []).toString("hex");
      assert.equal(finding, undefined, `${finding?.stack}\n${replay}\n${hex}`);
      assert.ok(report.accepted > 0, "no input was accepted: nothing behind the first check was reached");
      assert.ok(report.accepted < report.executions, "no input was refused");
    });

    test("inputs that grow can be made and run at any size", async () => {
      for (const make of Object.values(await growthOf(target))) {
        for (const bytes of [64, 100, 500]) await outcomeOf(target, make(Math.min(bytes, target.bytesMax)));
      }
    });
  });
}

test("each corpus belongs to a target, and each target has one", () => {
  const files = readdirSync(corpusDirectory).sort();
  assert.deepEqual(files, targets.map(({ name }) => `${name}.txt`).sort());
});

suite("the fuzzer", () => {
  const options: FuzzOptions = { seed: 7, corpus: [], executionsMax: 20_000, msMax: 1e9, clock: new FakeClock() };
  const toy = (
    run: (text: string, bytes: Uint8Array) => Result<unknown, unknown>,
    seed = "kind=text length=5 hello",
  ): FuzzTarget => ({
    name: "toy",
    bytesMax: 1000,
    words: ["kind=", "length=", "-1"],
    seeds: () => [Buffer.from(seed)],
    run: (bytes) => run(Buffer.from(bytes).toString("latin1"), bytes),
  });

  test("finds an input that throws behind two checks, and makes it small", async () => {
    const target = toy((text) => {
      if (!text.startsWith("kind=")) return refused("no kind");
      const length = /length=(-?\d+)/.exec(text)?.[1];
      if (length === undefined) return refused("no length");
      if (Number(length) < 0) throw new RangeError("a negative length");
      return accepted("a text");
    });
    const { finding, executions } = await fuzz(target, options);
    assert.equal(finding?.message, "a negative length");
    assert.match(Buffer.from(finding.input).toString(), /^kind=length=-[1-9]$/);
    assert.ok(executions < options.executionsMax);
  });

  test("makes further inputs from those of which the parser says something new", async () => {
    // Three right letters at once are too unlikely. A refusal names the first wrong one, so they are found one after the other.
    const target = toy((text) => {
      const right = ["Z", "Q", "X"].findIndex((letter, i) => text[i] !== letter);
      return right === -1 ? accepted("opened") : refused(`letter ${"abc"[right]} is wrong`);
    }, "....");
    const { ways } = await fuzz(target, { ...options, executionsMax: 100_000 });
    assert.equal(ways, 4);
  });

  test("plays the same inputs again from the same seed", async () => {
    const played = async (from: number) => {
      const inputs: string[] = [];
      const target = toy((text) => {
        inputs.push(text);
        return text.length % 3 === 0 ? accepted("three") : refused(`${text.length % 5} left`);
      });
      await fuzz(target, { ...options, seed: from, executionsMax: 500 });
      return inputs;
    };
    assert.deepEqual(await played(7), await played(7));
    assert.notDeepEqual(await played(7), await played(8));
  });

  test("finds a parser that writes into its input, and one whose refusal is too long", async () => {
    const writing = toy((_, bytes) => accepted(bytes.fill(0).length));
    assert.match((await fuzz(writing, options)).finding?.message ?? "", /changed its input/);
    const talking = toy((text) => refused(text.repeat(500)));
    assert.match((await fuzz(talking, options)).finding?.message ?? "", /a refusal of \d+ characters/);
  });

  const misbehaving = new URL("./misbehaving.js", import.meta.url).href;
  const watched = async (name: string, executionMsMax = 60_000) => {
    const order = { name, module: misbehaving, seed: 7, executionsMax: 100_000, msMax: 20_000, discoveriesMax: 0 };
    const bounds = { executionMsMax, residentBytesMax: 256 * 1024 ** 2, heapMiBMax: 48 };
    const { finding } = await fuzzWatched(order, 1000, bounds);
    assert.match(Buffer.from(finding?.input ?? []).toString("latin1"), /boom/, "not the input that did it");
    return finding?.message ?? "";
  };

  test("finds an input that runs without end", async () => {
    assert.match(await watched("hangs", 2000), /^no end after 2000 ms/);
  });

  test("finds an input that takes all memory, whether of the heap or outside of it", async () => {
    assert.match(await watched("hoards buffers"), /^more than \d+ bytes of memory/);
    assert.match(await watched("hoards objects"), /memory limit/);
  });

  test("finds an input that has a promise rejected that nothing handles", async () => {
    assert.equal(await watched("throws later"), "nobody catches this");
  });

  test("reports a parser that takes much memory for each byte", async () => {
    const target: FuzzTarget = { ...toy(() => accepted("")), growth: { zeros: (bytes) => new Uint8Array(bytes) } };
    const rowFor = async (bytesTaken: number) => {
      const heapBytes = (collected: boolean) => (collected ? 0 : bytesTaken);
      const options = { clock: new FakeClock(), msPerPoint: 0, heapBytes, only: "zeros" };
      const [row] = await measureCosts({ ...target, bytesMax: 100_000 }, options);
      return row?.complaint;
    };
    assert.equal(await rowFor(50 * 100_000), undefined);
    assert.equal(await rowFor(200 * 100_000), "large");
  });

  test("reports time that grows quadratically, and not time that grows linearly", async () => {
    const clock = new FakeClock();
    const rowFor = async (ms: (bytes: number) => number) => {
      const target: FuzzTarget = {
        ...toy(() => accepted("")),
        bytesMax: 64 * 1024,
        growth: { zeros: (bytes) => new Uint8Array(bytes) },
        async run(bytes) {
          await clock.advance(ms(bytes.length));
          return accepted("");
        },
      };
      const only = "zeros";
      const [row] = await measureCosts(target, { clock, msPerPoint: 0, heapBytes: () => 0, only });
      return row;
    };
    const linear = await rowFor((bytes) => 1 + bytes / 1000);
    const quadratic = await rowFor((bytes) => 1 + (bytes / 1000) ** 2);
    assert.equal(linear?.complaint, undefined);
    assert.equal(quadratic?.complaint, "slow");
    assert.ok(quadratic.power > 1.8 && quadratic.power < 2.1, `${quadratic.power}`);
  });
});
