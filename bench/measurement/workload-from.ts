import { Failure } from "../../core/platform/failure.ts";
import { parseWorkload, type Workload, type WorkloadText } from "../../loadgen/workload/workload.ts";

/** The workload that a benchmark's options make; fails with `workload_invalid` where they make none. */
export function workloadFrom(text: WorkloadText): Workload {
  const workload = parseWorkload(text);
  if (!workload.ok) throw new Failure("workload_invalid", workload.reason, "change the options");
  return workload.value;
}

/** At a deployment that the benchmark started itself, simulated users sign up. */
export const simulatedAccounts = { kind: "signUp", namePrefix: "user", password: "simulated" } as const;
