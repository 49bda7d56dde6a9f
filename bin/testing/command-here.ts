import { inlineCrypto } from "../../core/client/index.ts";
import { keyPair } from "../../core/testing/key-pairs.ts";
import { obey } from "../command-line.ts";

/**
 * A command line that is obeyed in this process: one of its own for each takes a second of a core to start. Its passwords
 * protect nothing and are stretched little, and who signs up gets a key pair of the run.
 */
export async function endOfCommand(
  args: readonly string[],
): Promise<{ readonly code: number | undefined; readonly out: string; readonly err: string }> {
  let out = "";
  let err = "";
  let ended: number | undefined;
  await obey(args, {
    machine: { effort: "simulated", crypto: { ...inlineCrypto, generateKeys: () => keyPair(4) } },
    out(text) {
      out += text;
    },
    err(text) {
      err += text;
    },
    end(code) {
      ended = code;
    },
  });
  return { code: ended, out, err };
}
