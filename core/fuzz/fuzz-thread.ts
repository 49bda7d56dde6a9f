import { systemClock } from "../platform/clock.ts";
import { callsToMainThread } from "../platform/thread-calls.ts";
import { targetsOf } from "./all-targets.ts";
import { readCorpus } from "./corpus.ts";
import { fuzz } from "./fuzzer.ts";
import { bytesInUse } from "./heap.ts";
import { type FuzzThreadCalls, InputUnderWay } from "./thread-order.ts";

/** Fuzzes one target. The thread that started this one watches it, and ends it when an input does not come back. */
const ours: FuzzThreadCalls = {
  async fuzz({ name, module, seed, executionsMax, msMax, discoveriesMax, underWay: shared }) {
    const underWay = new InputUnderWay(shared);
    const target = (await targetsOf(module)).find((of) => of.name === name);
    if (!target) throw new Error(`there is no target ${name}`);
    return fuzz(target, {
      seed,
      executionsMax,
      msMax,
      discoveriesMax,
      clock: systemClock,
      corpus: readCorpus(name).map(({ input }) => input),
      onInput: (input) => underWay.write(input),
      heapBytes: bytesInUse,
    });
  },
};

callsToMainThread(ours);
