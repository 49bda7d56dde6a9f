import type { Readable, Writable } from "node:stream";
import type { Clock } from "../../core/platform/clock.ts";
import { type CapabilityAnswers, capabilityQuestions, readAnswers } from "./capabilities.ts";

/** As long as a terminal on the other side of the world may take; one that says nothing costs it once, at the start. */
export const answersMsMax = 500;

export interface AskedTerminal {
  readonly input: Readable & { setRawMode?(on: boolean): unknown; readonly isRaw?: boolean };
  readonly output: Writable & { readonly isTTY?: boolean };
  readonly clock: Clock;
}

/** Asks the terminal what it can draw. Before anybody else reads the input; the answers carry what was typed meanwhile. */
export async function askTerminal({ input, output, clock }: AskedTerminal): Promise<CapabilityAnswers> {
  let received = Buffer.alloc(0);
  if (!input.setRawMode || !output.isTTY) return readAnswers(received);
  const wasRaw = input.isRaw ?? false;
  // Otherwise the answers would be printed, and kept until Enter.
  input.setRawMode(true);
  await new Promise<void>((resolve) => {
    const end = () => {
      cancel();
      input.off("data", onBytes);
      input.pause();
      resolve();
    };
    const onBytes = (bytes: Buffer) => {
      received = Buffer.concat([received, bytes]);
      if (readAnswers(received).isComplete) end();
    };
    const cancel = clock.after(answersMsMax, end);
    input.on("data", onBytes);
    output.write(capabilityQuestions);
  });
  if (!wasRaw) input.setRawMode(false);
  return readAnswers(received);
}
