import { inlineCrypto, ThisMachine } from "../core/client/index.ts";
import { currentHost } from "./command-host.ts";

/**
 * This machine for a command that does one thing with an account and ends. It does its arithmetic itself: a thread takes half
 * a second of a core to start, and there are no keystrokes to be held up.
 */
export const commandMachine = (home: string) =>
  new ThisMachine(home, { crypto: inlineCrypto, ...currentHost().machine });
