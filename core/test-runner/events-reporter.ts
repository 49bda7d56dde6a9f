import type { TestEvent } from "node:test/reporters";
import { inspect } from "node:util";
import { z } from "zod";

const nesting = z.int().min(0);
const eventFields = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("started"), nesting, name: z.string() }),
  z.strictObject({ kind: z.literal("passed") }),
  z.strictObject({ kind: z.literal("skipped"), reason: z.string() }),
  z.strictObject({ kind: z.literal("failed"), nesting, name: z.string(), error: z.string() }),
  z.strictObject({ kind: z.literal("remarked"), message: z.string() }),
]);
/** What the runner needs to know of a test. It travels as a line of JSON. */
export type ReportedEvent = Readonly<z.output<typeof eventFields>>;

/** Reads a line that {@link reportEvents} has written. */
export const readEvent = (line: string): ReportedEvent => eventFields.parse(JSON.parse(line));

/** A reporter for `node --test-reporter`: it runs in the test's own process. */
export default async function* reportEvents(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  for await (const event of events) {
    const reported = eventOf(event);
    if (reported) yield `${JSON.stringify(reported)}\n`;
  }
}

/** Node's count of a process's tests, which it reports at the end. */
const ownCount = /^(?:tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) [\d.]+$/;

function eventOf(event: TestEvent): ReportedEvent | undefined {
  switch (event.type) {
    case "test:start":
      return { kind: "started", nesting: event.data.nesting, name: event.data.name };
    case "test:pass": {
      const { name, skip, details } = event.data;
      if (skip !== undefined && skip !== false) return { kind: "skipped", reason: skip === true ? name : skip };
      return details.type === "suite" ? undefined : { kind: "passed" };
    }
    case "test:fail": {
      const { nesting, name, details } = event.data;
      // A suite fails when a test in it does; the test is reported by itself.
      if ("failureType" in details.error && details.error.failureType === "subtestsFailed") return undefined;
      return { kind: "failed", nesting, name, error: described(details.error) };
    }
    case "test:diagnostic":
      return ownCount.test(event.data.message) ? undefined : { kind: "remarked", message: event.data.message };
    default:
      return undefined;
  }
}

function described(error: Error): string {
  const thrown = error.cause ?? error;
  if (!(thrown instanceof Error)) return typeof thrown === "string" ? thrown : inspect(thrown);
  const stack = thrown.stack ?? thrown.message;
  const whole = stack.includes(thrown.message) ? stack : `${thrown.message}\n${stack}`;
  return whole.replace(/\n +at [^\n]*node:(?:internal|async_hooks)[^\n]*/g, "");
}
