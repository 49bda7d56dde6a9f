import { parentPort, workerData } from "node:worker_threads";
import { systemClock } from "../platform/clock.ts";
import { targetsOf } from "./all-targets.ts";
import { readCorpus } from "./corpus.ts";
import { fuzz } from "./fuzzer.ts";
import { bytesInUse } from "./heap.ts";
import { InputUnderWay, type ThreadOrder } from "./thread-order.ts";

/** Fuzzes one target. The thread that started this one watches it, and ends it when an input does not come back. */
const order: ThreadOrder = workerData;
const { name, module, seed, executionsMax, msMax, discoveriesMax, underWay: shared } = order;
const underWay = new InputUnderWay(shared);
const target = (await targetsOf(module)).find((of) => of.name === name);
if (!target) throw new Error(`there is no target ${name}`);
const report = await fuzz(target, {
  seed,
  executionsMax,
  msMax,
  discoveriesMax,
  clock: systemClock,
  corpus: readCorpus(name).map(({ input }) => input),
  onInput: (input) => underWay.write(input),
  heapBytes: bytesInUse,
});
parentPort?.postMessage(report);
