import { readFileSync } from "node:fs";
import { type Command, InvalidArgumentError, Option } from "commander";
import { loadSettings } from "../bench/load/load-settings.ts";
import { serveSettings } from "../core/cluster/serve-settings.ts";
import { type ConfigOf, flagName, readConfig, type Settings, variableName } from "../core/platform/config.ts";
import { wholeNumber } from "../core/platform/decimal.ts";
import { Failure, messageOf } from "../core/platform/failure.ts";
import { newAccountSettings } from "./account-settings.ts";
import { chatSettings } from "./chat-settings.ts";
import { currentHost } from "./command-host.ts";

/** The command line cannot be understood; the message says what to write. */
export class UsageError extends Error {}

/** Settings whose variables may be set although another program is run. */
const everySettings: readonly Settings[] = [serveSettings, loadSettings, newAccountSettings, chatSettings];

/** Offers every setting as an option, with its default and its variable in the help. */
export function addSettings(command: Command, settings: Settings): Command {
  for (const [name, { help, placeholder, default: value }] of Object.entries(settings)) {
    const flag = placeholder === undefined ? flagName(name) : `${flagName(name)} <${placeholder}>`;
    const shown = typeof value === "string" || typeof value === "number" ? `, default ${value}` : "";
    command.addOption(new Option(flag, `${help} [${variableName(name)}${shown}]`));
  }
  return command.option("--config <file>", "settings as JSON; options and variables go before it");
}

/** One program's settings, from its options, the environment and the file that `--config` names. */
export function settingsOf<S extends Settings>(settings: S, options: Record<string, unknown>): ConfigOf<S> {
  const { config: file, ...flags } = options;
  const sources = { flags, environment: process.env, ...(typeof file === "string" ? { file: readJson(file) } : {}) };
  const read = readConfig(settings, sources, everySettings);
  if (!read.ok) throw new UsageError(read.reason.join("\n"));
  return read.value;
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (cause) {
    throw new UsageError(`--config ${file}: ${messageOf(cause)}`);
  }
}

/** An option's number of things. */
export function whole(text: string): number {
  const value = wholeNumber(text);
  if (!value) throw new InvalidArgumentError("a whole number from 1 is needed.");
  return value;
}

/** The same, or none of them. */
export function wholeOrNone(text: string): number {
  const value = wholeNumber(text);
  if (value === undefined) throw new InvalidArgumentError("a whole number is needed.");
  return value;
}

export const print = (line: string) => currentHost().out(`${line}\n`);

/** Resolves when the user interrupts. */
export function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

/**
 * Runs a program to its end: the signal is aborted by the first Ctrl-C (or SIGTERM, or a closed terminal, unless the program
 * has another use for SIGHUP), so that it can let go in good order; the second ends it where it is. The exit code is what
 * `work` answers, 1 for a failure, 130 when it was interrupted.
 */
export async function run(
  work: (signal: AbortSignal, onHangUp: (action: () => void) => void) => Promise<number>,
): Promise<void> {
  const stopping = new AbortController();
  const stop = () => {
    if (stopping.signal.aborted) process.exit(130);
    stopping.abort();
  };
  let hungUp = stop;
  const hangUp = () => hungUp();
  const signals = [
    ["SIGINT", stop],
    ["SIGTERM", stop],
    ["SIGHUP", hangUp],
  ] as const;
  for (const [signal, action] of signals) process.on(signal, action);
  const host = currentHost();
  try {
    const code = await work(stopping.signal, (action) => {
      hungUp = action;
    });
    host.end(code);
  } catch (cause) {
    // Ctrl-C reaches a short-lived child as well, and its failure may be known a turn before the signal is.
    await new Promise(setImmediate);
    if (stopping.signal.aborted) return host.end(130);
    if (!(cause instanceof Failure)) throw cause;
    host.err(`${cause.code}: ${cause.message}\n${cause.advice}\n`);
    host.end(1);
  } finally {
    for (const [signal, action] of signals) process.off(signal, action);
  }
}
