import type { Room } from "../room.ts";

export const loadgenRooms: readonly Room[] = [
  {
    path: "loadgen",
    holds: "simulated users, and the audit",
    imports: ["core/platform", "core/wire", "core/client", "loadgen"],
  },
  {
    path: "loadgen/workload",
    holds: "what simulated users do, and when",
    imports: ["core/platform", "core/wire"],
  },
  {
    path: "loadgen/recorder",
    holds: "latencies, what the servers count, and whether figures count",
    imports: ["core/platform", "core/client", "loadgen/workload"],
  },
  {
    path: "loadgen/audit",
    holds: "what clients saw, held against the contract",
    imports: ["core/platform", "core/wire", "core/client", "loadgen/workload"],
  },
  {
    path: "loadgen/users",
    holds: "the users of one thread: who they are, what they write, who goes and comes back",
    imports: ["core/platform", "core/wire", "core/client", "loadgen/workload", "loadgen/recorder", "loadgen/audit"],
  },
  {
    path: "loadgen/threads",
    holds: "the threads that simulate users, and how they are called",
    imports: ["core/platform", "core/wire", "loadgen/workload", "loadgen/recorder", "loadgen/audit", "loadgen/users"],
  },
];
