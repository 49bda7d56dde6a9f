import assert from "node:assert/strict";
import { test } from "node:test";
import { Failure } from "../core/platform/failure.ts";
import { hostedBy } from "./command-host.ts";
import { run, untilAborted } from "./program.ts";

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Runs a program; answers how it ended, and what it said. */
async function ended(work: Parameters<typeof run>[0]): Promise<{ code: number | undefined; err: string }> {
  let code: number | undefined;
  let err = "";
  const host = {
    out() {},
    err: (text: string) => void (err += text),
    end: (with_: number) => void (code = with_),
  };
  await hostedBy(host, () => run(work));
  return { code, err };
}

/** As if the process had got the signal. */
const signalled = (signal: (typeof signals)[number]) => void process.emit(signal);

const broken = new Failure("server_away", "nobody answers", "start one");

test("the exit code is what the program answers, and 1 for a failure, whose code, words and advice are told", async () => {
  assert.deepEqual(await ended(async () => 0), { code: 0, err: "" });
  assert.deepEqual(await ended(async () => 1), { code: 1, err: "" });
  assert.deepEqual(await ended(() => Promise.reject(broken)), {
    code: 1,
    err: "server_away: nobody answers\nstart one\n",
  });
});

test("a mistake in the program is not taken for a failure", async () => {
  const mistake = new TypeError("of undefined");
  await assert.rejects(
    ended(() => Promise.reject(mistake)),
    mistake,
  );
});

for (const signal of signals) {
  test(`${signal} asks a program to end; what it then fails with is no failure, and the exit code is 130`, async () => {
    const interrupted = ended(async (stopping) => {
      await untilAborted(stopping);
      throw broken;
    });
    signalled(signal);
    assert.deepEqual(await interrupted, { code: 130, err: "" });
  });

  test(`a program that ends in good order after ${signal} has the exit code that it answers`, async () => {
    const stopped = ended(async (stopping) => {
      await untilAborted(stopping);
      return 0;
    });
    signalled(signal);
    assert.deepEqual(await stopped, { code: 0, err: "" });
  });
}

test("a failure that comes a turn before the signal of the same Ctrl-C is an interruption", async () => {
  const interrupted = ended(() => {
    setImmediate(() => signalled("SIGINT"));
    return Promise.reject(broken);
  });
  assert.deepEqual(await interrupted, { code: 130, err: "" });
});

test("a program that has a use for SIGHUP goes on after it, and still ends with SIGTERM", async () => {
  let hangUps = 0;
  const serving = ended(async (stopping, onHangUp) => {
    onHangUp(() => hangUps++);
    await untilAborted(stopping);
    return 0;
  });
  signalled("SIGHUP");
  signalled("SIGHUP");
  assert.equal(hangUps, 2);
  signalled("SIGTERM");
  assert.equal((await serving).code, 0);
  assert.equal(hangUps, 2);
});

test("a program that has ended, in whichever way, no longer listens to signals", async () => {
  const listening = () => signals.map((signal) => process.listenerCount(signal));
  const before = listening();
  await ended(async () => 0);
  await ended(() => Promise.reject(broken));
  assert.deepEqual(listening(), before);
});
