import { parentPort } from "node:worker_threads";
import { callsToMainThread } from "../../core/platform/thread-calls.ts";
import { Simulation } from "./simulation.ts";
import { type CrewCalls, threadStart } from "./thread-calls.ts";

/** The program of a worker thread that simulates users. */
const simulation = new Simulation(threadStart(), () => parentPort?.close());
const crew = callsToMainThread<CrewCalls>(simulation);
simulation.showTo({ live: (counts) => crew.post("live", counts) });
