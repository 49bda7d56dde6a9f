import type { Workload } from "../../loadgen/workload/workload.ts";

/** In what simulated users are unlike people, for the readers of the figures. */
export function simulationNotes(workload: Workload): string[] {
  const { encryption, keyPairs, clients } = workload;
  const notes = [
    `${clients} users share ${keyPairs} key pairs, and their passwords are stretched for a thousandth of the usual time`,
  ];
  if (encryption.mode === "real") {
    notes.push(`every message is sealed, and ${encryption.openShare * 100}% of the deliveries are opened and verified`);
  } else if (encryption.mode === "sealed") notes.push("messages are random bytes as long as sealed ones");
  else notes.push("messages are not encrypted");
  return notes;
}
