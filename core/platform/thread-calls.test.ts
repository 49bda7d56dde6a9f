import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { MessageChannel, Worker } from "node:worker_threads";
import { codeOf, Failure } from "./failure.ts";
import { Calls, callsToChild, callsToMainThread, callsToParent, callsToThread } from "./thread-calls.ts";

interface Counter {
  add(by: number): number;
  addLater(by: number): Promise<number>;
  fail(code: string): void;
  failLater(): Promise<void>;
  failWithText(): void;
  hang(): Promise<void>;
}

function counter(): Counter {
  let sum = 0;
  return {
    add: (by) => (sum += by),
    addLater: async (by) => (sum += by),
    fail(code) {
      throw new Failure(code, "it is broken", "mend it");
    },
    async failLater() {
      throw Object.assign(new Error("no such file"), { code: "ENOENT" });
    },
    failWithText() {
      throw "no error at all";
    },
    hang: () => new Promise(() => {}),
  };
}

/** Two ends in one thread; the first calls a counter at the second. */
function pair() {
  const here: Calls<Counter> = new Calls({}, (message) => there.received(structuredClone(message)));
  const there: Calls<object> = new Calls(counter(), (message) => here.received(structuredClone(message)));
  return here;
}

test("functions of the other end answer as they would here, in the order of the calls", async () => {
  const { to } = pair();
  assert.deepEqual(await Promise.all([to.add(1), to.addLater(10), to.add(100)]), [1, 11, 111]);
});

test("an error keeps its message, its code and its advice on its way to the other end", async () => {
  const { to } = pair();
  await assert.rejects(to.fail("disk_full"), (cause) => {
    assert.ok(cause instanceof Failure);
    assert.deepEqual([cause.code, cause.message, cause.advice], ["disk_full", "it is broken", "mend it"]);
    assert.match(String(cause.stack), /\bfail\b.*thread-calls\.test/, "where it was thrown");
    return true;
  });
  await assert.rejects(to.failLater(), (cause) => {
    assert.ok(cause instanceof Error && !(cause instanceof Failure));
    assert.deepEqual([cause.message, codeOf(cause)], ["no such file", "ENOENT"]);
    return true;
  });
  await assert.rejects(to.failWithText(), (cause) => {
    assert.ok(cause instanceof Error);
    assert.deepEqual([cause.message, "code" in cause], ["no error at all", false]);
    assert.equal(typeof cause.stack, "string");
    return true;
  });
});

test("a function that the other end does not have is an error", async () => {
  const calls: Calls<{ nothing(): void }> = new Calls({}, (message) => there.received(structuredClone(message)));
  const there: Calls<object> = new Calls(counter(), (message) => calls.received(structuredClone(message)));
  await assert.rejects(calls.to.nothing(), /no function nothing/);
});

test("calls that wait when the other end ends fail with its error, and so do later ones; what is posted does not fail", async () => {
  const calls = pair();
  const waiting = calls.to.hang();
  calls.post("hang");
  calls.close(new Failure("gone", "it has ended", "start it again"));
  await assert.rejects(waiting, { code: "gone" });
  await assert.rejects(calls.to.add(1), { code: "gone" });
  calls.post("add", 1);
});

test("what is asked of every object is no call: it can be awaited and written as JSON", async () => {
  const { to } = pair();
  assert.equal(await Promise.resolve(to), to);
  assert.equal(JSON.stringify(to), "{}");
  assert.equal(Reflect.get(to, Symbol.iterator), undefined);
});

test("a call is answered once, what is posted is not answered, and an answer to no call is left alone", async () => {
  const sent: unknown[] = [];
  const calls = new Calls(counter(), (message, handedOver) => void sent.push([message, handedOver]));
  calls.received({ call: undefined, name: "add", args: [1] });
  calls.received({ call: 7, name: "add", args: [2] });
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(sent.splice(0), [[{ answer: 7, value: 3 }, []]]);
  calls.received({ call: 8, name: "fail", args: ["disk_full"] });
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(sent.length, 1);
  assert.deepEqual(Reflect.get(Object(sent[0]), 1), []);
  calls.received({ answer: 99, value: "unasked" });
  calls.received({ answer: 98, thrown: { message: "unasked", code: undefined, advice: undefined, stack: undefined } });
});

test("nothing is sent to an end that has ended", () => {
  const sent: unknown[] = [];
  const calls = new Calls<Counter>({}, (message) => void sent.push(message));
  assert.equal(calls.isClosed, false);
  calls.post("add", 1);
  calls.close(new Error("it has ended"));
  assert.equal(calls.isClosed, true);
  calls.post("add", 2);
  assert.deepEqual(sent, [{ call: undefined, name: "add", args: [1] }]);
});

/** One end of the channel between a process and one that it has forked. */
class ProcessEnd extends EventEmitter {
  connected = true;
  readonly sent: unknown[] = [];

  send(message: object): boolean {
    return this.sent.push(message) > 0;
  }
}

test("a process that was forked is called, its calls are answered, and its end, or its beginning that fails, fails the calls", async () => {
  for (const [event, value, message] of [
    ["exit", 7, "ended with 7"],
    ["error", new Error("no such program"), "no such program"],
  ] as const) {
    const child = new ProcessEnd();
    const calls = callsToChild<Counter>(child, {}, (code) => new Error(`ended with ${code}`));
    const sum = calls.to.add(5);
    assert.deepEqual(child.sent, [{ call: 0, name: "add", args: [5] }]);
    child.emit("message", { answer: 0, value: 5 });
    assert.equal(await sum, 5);
    const waiting = calls.to.hang();
    child.emit(event, value);
    await assert.rejects(waiting, { message });
    child.connected = false;
    calls.post("add", 1);
    assert.equal(child.sent.length, 2);
  }
});

test("a forked process calls the one that forked it until the two are disconnected", async () => {
  const own = new ProcessEnd();
  const calls = callsToParent<Counter>(counter(), own);
  const sum = calls.to.add(5);
  own.emit("message", { answer: 0, value: 5 });
  assert.equal(await sum, 5);
  const waiting = calls.to.hang();
  own.connected = false;
  own.emit("message", { call: 3, name: "add", args: [1] });
  own.emit("disconnect");
  await assert.rejects(waiting, { message: "the process that calls this one has ended" });
  assert.equal(own.sent.length, 2);
});

test("a thread calls the one that started it, and hands ports over", async () => {
  const { port1: main, port2: own } = new MessageChannel();
  const calls = callsToMainThread<{ greet(port: unknown): string }>({ half: (number: number) => number / 2 }, own);
  const { port1, port2 } = new MessageChannel();
  const greeted = calls.to.greet(port2);
  const [{ call, name, args }] = await once(main, "message");
  assert.deepEqual([call, name], [0, "greet"]);
  args[0].postMessage("hello");
  assert.deepEqual(await once(port1, "message"), ["hello"]);
  main.postMessage({ answer: 0, value: "thanks" });
  assert.equal(await greeted, "thanks");
  main.postMessage({ call: 4, name: "half", args: [10] });
  assert.deepEqual(await once(main, "message"), [{ answer: 4, value: 5 }]);
  for (const port of [main, own, port1, port2]) port.close();
  assert.throws(() => callsToMainThread({}, null), { message: "this is the main thread" });
});

test("an argument that cannot be cloned fails its call, and leaves nothing that waits", async () => {
  const { to } = pair();
  await assert.rejects(Reflect.apply(to.add, undefined, [() => {}]), { name: "DataCloneError" });
  assert.equal(await to.add(1), 1);
});

test("a posted call that throws ends the thread that carries it out, and not the one that posted it", async () => {
  const module = JSON.stringify(new URL("./thread-calls.js", import.meta.url).href);
  const source = `
    import(${module}).then(({ callsToMainThread }) => callsToMainThread({
      echo: (text) => text,
      fail() { throw new Error("it is broken"); },
    }));`;
  const thread = new Worker(source, { eval: true });
  const calls = callsToThread<{ echo(text: string): string; fail(): void }>(thread, {}, (code) => new Error(`${code}`));
  assert.equal(await calls.to.echo("here"), "here");
  const failed = once(thread, "error");
  calls.post("fail");
  const [cause] = await failed;
  assert.match(String(cause), /it is broken/);
  await assert.rejects(calls.to.echo("gone"), /it is broken/);
});

test("a process that takes no more messages fails its calls with its end, and a post or an answer to it is no error", async () => {
  const directory = mkdtempSync(path.join(tmpdir(), "thread-calls-test-"));
  after(() => rmSync(directory, { recursive: true, force: true }));
  const file = path.join(directory, "child.mjs");
  writeFileSync(
    file,
    `import { callsToParent } from ${JSON.stringify(new URL("./thread-calls.js", import.meta.url).href)};
    const parent = callsToParent({ hang: () => new Promise(() => {}) });
    parent.to.late().catch(() => {});
    process.once("disconnect", () => setTimeout(() => process.exit(7), 200));`,
  );
  const child = fork(file, { serialization: "advanced" });
  let answerLate = () => {};
  const late = () =>
    new Promise<void>((answer) => {
      answerLate = answer;
    });
  const calls = callsToChild<{ hang(): void }>(child, { late }, (code) => new Error(`ended with ${code}`));
  await once(child, "message");
  const gone = once(child, "disconnect");
  child.disconnect();
  await gone;
  answerLate();
  calls.post("hang");
  await assert.rejects(calls.to.hang(), { message: "ended with 7" });
});

test("a thread is called and calls back, is handed ports, and its end fails the calls that wait for it", async () => {
  const module = JSON.stringify(new URL("./thread-calls.js", import.meta.url).href);
  const source = `
    import(${module}).then(({ callsToMainThread }) => {
      const main = callsToMainThread({
        double: async (number) => 2 * (await main.to.half(number)),
        greet: (port) => { port.postMessage("hello"); port.close(); },
        end: () => { process.exit(3); },
      });
    });`;
  const thread = new Worker(source, { eval: true });
  const calls = callsToThread<{ double(number: number): number; greet(port: unknown): void; end(): void }>(
    thread,
    { half: (number: number) => number / 2 },
    (code) => new Error(`ended with ${code}`),
  );
  assert.equal(await calls.to.double(7), 7);
  const { port1, port2 } = new MessageChannel();
  const greeting = once(port1, "message");
  await calls.to.greet(port2);
  assert.deepEqual(await greeting, ["hello"]);
  await assert.rejects(calls.to.end(), { message: "ended with 3" });
});
