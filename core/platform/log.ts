import { type DestinationStream, destination, type Logger, pino } from "pino";

export type Log = Logger;

export const logLevels = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;
export type LogLevel = (typeof logLevels)[number];

/**
 * A log that writes JSON lines to standard error: the message says what happened, the fields have the facts. Standard output
 * stays free for results.
 *
 * It writes synchronously, so that the last line before a crash is written; nothing on a hot path logs above `debug`.
 */
export function createLog(
  level: LogLevel,
  fields: Record<string, unknown> = {},
  stream: DestinationStream = destination({ fd: 2, sync: true }),
): Log {
  return pino(
    {
      level,
      base: fields,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    stream,
  );
}

export const silentLog: Log = pino({ level: "silent" });
