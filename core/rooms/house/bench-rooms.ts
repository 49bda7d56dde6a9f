import type { Room } from "../room.ts";

export const benchRooms: readonly Room[] = [
  { path: "bench", holds: "the benchmarks", imports: ["core", "gui", "loadgen", "bench"] },
  { path: "bench/statistics", holds: "medians, spreads, what else the machine did", imports: ["core/platform"] },
  {
    path: "bench/document",
    holds: "the form of a result, and how it is kept while a run goes on",
    imports: ["core/platform", "loadgen", "bench/statistics"],
  },
  {
    path: "bench/report",
    holds: "tables, sentences and pages for people",
    imports: ["core/platform", "loadgen", "bench/statistics", "bench/document"],
  },
  {
    path: "bench/started",
    holds: "what is started: databases, servers, what they are compared with, terminals",
    imports: ["core", "loadgen", "bench/statistics", "bench/document"],
  },
  {
    path: "bench/measurement",
    holds: "how load is put on what was started, and read",
    imports: ["core", "loadgen", "bench/statistics", "bench/document", "bench/started"],
  },
  {
    path: "bench/micro",
    holds: "single operations, one way beside another",
    imports: ["core", "loadgen", "bench/statistics", "bench/document", "bench/report", "bench/started"],
  },
  {
    path: "bench/load",
    holds: "`fastchat load`: a workload on servers that run already",
    imports: [
      "core",
      "loadgen",
      "bench/statistics",
      "bench/document",
      "bench/report",
      "bench/started",
      "bench/measurement",
    ],
  },
  {
    path: "bench/experiments",
    holds: "a file for each benchmark",
    imports: [
      "core",
      "loadgen",
      "bench/benchmark.ts",
      "bench/options.ts",
      "bench/statistics",
      "bench/document",
      "bench/report",
      "bench/started",
      "bench/measurement",
      "bench/micro",
    ],
  },
];
