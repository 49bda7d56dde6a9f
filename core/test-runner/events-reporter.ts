import type { TestEvent } from "node:test/reporters";
import { inspect } from "node:util";

/** What the runner needs to know of a test, a line of JSON each. */
export type ReportedEvent =
  | { readonly kind: "started"; readonly nesting: number; readonly name: string }
  | { readonly kind: "passed" }
  | { readonly kind: "skipped"; readonly reason: string }
  | { readonly kind: "failed"; readonly nesting: number; readonly name: string; readonly error: string }
  | { readonly kind: "remarked"; readonly message: string };

/** A reporter for `node --test-reporter`: it runs in the test's own process. */
export default async function* reportEvents(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  for await (const event of events) {
    const reported = eventOf(event);
    if (reported) yield `${JSON.stringify(reported)}\n`;
  }
}

/** What a process says at its end of all of its tests. */
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
      // The one that holds a failed test has not failed on its own account.
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
