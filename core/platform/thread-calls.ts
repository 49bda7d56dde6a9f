import { MessagePort, parentPort, type Worker } from "node:worker_threads";
import { codeOf, Failure, messageOf } from "./failure.ts";

/** The other end's functions as they are called from here: each returns a promise. */
export type Remote<Functions extends object> = {
  readonly [Name in keyof Functions]: Functions[Name] extends (...args: infer Args) => infer Answer
    ? (...args: Args) => Promise<Awaited<Answer>>
    : never;
};

interface Call {
  /** Undefined when nobody waits for the answer. */
  readonly call: number | undefined;
  readonly name: string;
  readonly args: readonly unknown[];
}

type Answer =
  | { readonly answer: number; readonly value: unknown }
  | { readonly answer: number; readonly thrown: Thrown };

/** What travels of an error to another thread; structured clone alone would keep its message and drop code and advice. */
interface Thrown {
  readonly message: string;
  readonly code: string | undefined;
  readonly advice: string | undefined;
  readonly stack: string | undefined;
}

type Message = Call | Answer;

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (cause: Error) => void;
}

/**
 * One end of a channel between two threads or processes, each of which calls the other's functions as if they were here. What
 * is passed is copied (structured clone); a `MessagePort` among the arguments is handed over. Errors keep their message, code
 * and advice. Calls arrive in the order in which they were made.
 */
export class Calls<Theirs extends object> {
  readonly to: Remote<Theirs>;
  readonly #send: (message: Message, handedOver: readonly MessagePort[]) => void;
  readonly #ours: object;
  readonly #waiting = new Map<number, Waiting>();
  #closed: Error | undefined;
  #calls = 0;

  /** The caller has to pass every message that arrives to `received`. */
  constructor(ours: object, send: (message: Message, handedOver: readonly MessagePort[]) => void) {
    this.#ours = ours;
    this.#send = send;
    const call = (name: string, args: readonly unknown[]) => this.#call(name, args);
    this.to = new Proxy(Object.create(null), {
      // `await` asks every object for `then`, and `JSON.stringify` for `toJSON`.
      get: (_, name) =>
        typeof name === "string" && name !== "then" && name !== "toJSON"
          ? (...args: unknown[]) => call(name, args)
          : undefined,
    });
  }

  /**
   * Calls a function whose answer nobody here waits for. An error that it throws is an unhandled rejection at the other end;
   * that the other end has ended is no error.
   */
  post<Name extends keyof Theirs & string>(name: Name, ...args: Parameters<Remote<Theirs>[Name]>): void {
    if (!this.#closed) this.#send({ call: undefined, name, args }, portsAmong(args));
  }

  /** Whether the other end has ended. */
  get isClosed(): boolean {
    return this.#closed !== undefined;
  }

  readonly received = (message: Message): void => {
    if ("name" in message) return void this.#carryOut(message);
    const waiting = this.#waiting.get(message.answer);
    this.#waiting.delete(message.answer);
    if ("thrown" in message) waiting?.reject(errorOf(message.thrown));
    else waiting?.resolve(message.value);
  };

  /** The other end has ended: calls that wait for it fail with `why`, and so does every later one. */
  close(why: Error): void {
    this.#closed ??= why;
    for (const { reject } of this.#waiting.values()) reject(this.#closed);
    this.#waiting.clear();
  }

  #call(name: string, args: readonly unknown[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#closed) return reject(this.#closed);
      const call = this.#calls++;
      this.#waiting.set(call, { resolve, reject });
      try {
        this.#send({ call, name, args }, portsAmong(args));
      } catch (cause) {
        // An argument cannot be cloned, or the other end is out of reach: no answer comes.
        this.#waiting.delete(call);
        throw cause;
      }
    });
  }

  async #carryOut({ call, name, args }: Call): Promise<void> {
    try {
      const ours: unknown = Reflect.get(this.#ours, name);
      if (typeof ours !== "function") throw new Error(`there is no function ${name} at this end`);
      const value: unknown = await Reflect.apply(ours, this.#ours, args);
      if (call !== undefined) this.#send({ answer: call, value }, []);
    } catch (cause) {
      if (call === undefined) throw cause;
      this.#send({ answer: call, thrown: thrownOf(cause) }, []);
    }
  }
}

const portsAmong = (args: readonly unknown[]) => args.filter((argument) => argument instanceof MessagePort);

/** Calls between this thread and one that it has started; `ended` makes the error of its end from its exit code. */
export function callsToThread<Theirs extends object>(
  thread: Worker,
  ours: object,
  ended: (exitCode: number) => Error,
): Calls<Theirs> {
  const calls = new Calls<Theirs>(ours, (message, handedOver) => thread.postMessage(message, handedOver));
  thread.on("message", calls.received);
  thread.once("error", (cause) => calls.close(cause));
  thread.once("exit", (code) => calls.close(ended(code)));
  return calls;
}

/** In a thread: calls between it and the one that started it. */
export function callsToMainThread<Theirs extends object>(ours: object, port = parentPort): Calls<Theirs> {
  if (!port) throw new Error("this is the main thread");
  const calls = new Calls<Theirs>(ours, (message, handedOver) => port.postMessage(message, handedOver));
  port.on("message", calls.received);
  return calls;
}

interface ProcessEnd {
  readonly connected: boolean;
  send?(message: object): boolean;
  on(event: "message", listener: (message: Message) => void): unknown;
}

/** What is used of `process` in a process that was forked. */
interface ForkedProcess extends ProcessEnd {
  once(event: "disconnect", listener: () => void): unknown;
}

/** What is used of a `ChildProcess` that was forked. */
interface ForkedChild extends ProcessEnd {
  once(event: "error", listener: (cause: Error) => void): unknown;
  once(event: "exit", listener: (code: number | null) => void): unknown;
}

/** Calls between this process and one that it has forked with `serialization: "advanced"`. */
export function callsToChild<Theirs extends object>(
  child: ForkedChild,
  ours: object,
  ended: (exitCode: number | null) => Error,
): Calls<Theirs> {
  const calls = new Calls<Theirs>(ours, (message) => {
    // A call of a process that is on its way out fails with its end.
    if (child.connected) child.send?.(message);
  });
  child.on("message", calls.received);
  child.once("error", (cause) => calls.close(cause));
  child.once("exit", (code) => calls.close(ended(code)));
  return calls;
}

/** In a forked process: calls between it and the one that forked it. */
export function callsToParent<Theirs extends object>(ours: object, own: ForkedProcess = process): Calls<Theirs> {
  const calls = new Calls<Theirs>(ours, (message) => {
    if (own.connected) own.send?.(message);
  });
  own.on("message", calls.received);
  own.once("disconnect", () => calls.close(new Error("the process that calls this one has ended")));
  return calls;
}

function thrownOf(cause: unknown): Thrown {
  const advice = cause instanceof Failure ? cause.advice : undefined;
  return {
    message: messageOf(cause),
    code: codeOf(cause),
    advice,
    stack: cause instanceof Error ? cause.stack : undefined,
  };
}

function errorOf({ message, code, advice, stack }: Thrown): Error {
  const error =
    code !== undefined && advice !== undefined
      ? new Failure(code, message, advice)
      : Object.assign(new Error(message), code === undefined ? {} : { code });
  if (stack !== undefined) error.stack = stack;
  return error;
}
