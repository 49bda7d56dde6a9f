import { connections } from "./experiments/connections.ts";
import { fanout } from "./experiments/fanout.ts";
import { files } from "./experiments/files.ts";
import { generator } from "./experiments/generator.ts";
import { ingest } from "./experiments/ingest.ts";
import { logins } from "./experiments/logins.ts";
import { microCrypto } from "./experiments/micro-crypto.ts";
import { microGui } from "./experiments/micro-gui.ts";
import { quick } from "./experiments/quick.ts";

/** The benchmarks: commands, help, the results' schema and README.md's table follow from this list. */
export const benchmarks = [
  quick,
  fanout,
  ingest,
  connections,
  logins,
  generator,
  files,
  microCrypto,
  microGui,
] as const;

/** Commands that several benchmarks share: the second word of their names chooses one, as the command's argument. */
export const sharedCommands = {
  micro: { description: "What single operations cost", topic: "what is taken apart" },
} as const;
