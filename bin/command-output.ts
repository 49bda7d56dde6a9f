import { AsyncLocalStorage } from "node:async_hooks";

/** Who is told what a command says, and how it ended. */
export interface CommandOutput {
  out(text: string): void;
  err(text: string): void;
  /** The exit code. */
  end(code: number): void;
}

/** The process itself. */
export const ownOutput: CommandOutput = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  end(code) {
    process.exitCode = code;
  },
};

const outputs = new AsyncLocalStorage<CommandOutput>();

/** Whom the command that runs now speaks to: the process, unless it was begun for somebody else. */
export const currentOutput = (): CommandOutput => outputs.getStore() ?? ownOutput;

/** Has whatever `work` runs speak to this one, so that a test can run many commands in one process. */
export function speakingTo<T>(output: CommandOutput, work: () => Promise<T>): Promise<T> {
  return outputs.run(output, work);
}
