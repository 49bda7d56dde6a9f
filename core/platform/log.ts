import { type DestinationStream, destination, type Logger, pino } from "pino";

export type Log = Logger;

export const logLevels = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;
export type LogLevel = (typeof logLevels)[number];

/**
 * JSON lines on standard error, one event a line: what happened as the message, the facts as fields. Standard output
 * stays free for results.
 *
 * Synchronous, so that the last line before a crash is there; nothing on a hot path logs above `debug`.
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
