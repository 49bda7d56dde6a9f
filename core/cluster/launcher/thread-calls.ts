import type { MessagePort } from "node:worker_threads";

/** Calls over a message port: one thread has the functions, the other an object that looks the same. */
type Functions = Readonly<Record<string, (...args: never[]) => Promise<unknown>>>;

interface Call {
  readonly call: number;
  readonly name: string;
  readonly args: readonly unknown[];
}

type Outcome = { readonly call: number; readonly value: unknown } | { readonly call: number; readonly thrown: string };

export function answerCalls(port: MessagePort, functions: object): void {
  const byName = functions as Functions;
  const answer = async ({ call, name, args }: Call) => {
    try {
      port.postMessage({ call, value: await byName[name]?.(...(args as never[])) });
    } catch (cause) {
      port.postMessage({ call, thrown: String(cause) });
    }
  };
  port.on("message", (call: Call) => void answer(call));
}

/** What `names` lists, as functions that run at the port's other end. */
export function callsOver<T extends object>(port: MessagePort, names: readonly (keyof T & string)[]): T {
  const waiting = new Map<number, (outcome: Outcome) => void>();
  let calls = 0;
  port.on("message", (outcome: Outcome) => {
    waiting.get(outcome.call)?.(outcome);
    waiting.delete(outcome.call);
  });
  port.unref();
  const over = (name: string, args: readonly unknown[]) =>
    new Promise((resolve, reject) => {
      const call = calls++;
      waiting.set(call, (outcome) =>
        "thrown" in outcome ? reject(new Error(outcome.thrown)) : resolve(outcome.value),
      );
      port.postMessage({ call, name, args } satisfies Call);
    });
  return Object.fromEntries(names.map((name) => [name, (...args: unknown[]) => over(name, args)])) as T;
}
