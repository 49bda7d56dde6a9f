import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Exchange, type FinishReply } from "./exchange.ts";
import { refusal } from "./refusal.ts";

const done: FinishReply = { kind: "done" };
const busy = refusal("busy", "not now");

/** What the start has left that a finish goes on from; undefined when the finish is refused. */
async function finished<Begun>(exchange: Exchange<Begun>, answer = done): Promise<Begun | undefined> {
  let from: Begun | undefined;
  await exchange.finish(async (begun) => {
    from = begun;
    return answer;
  });
  return from;
}

test("a finish goes on from the start that came last, in whatever order the starts are answered", async () => {
  const orders = fc.integer({ min: 1, max: 6 }).chain((count) => {
    const starts = Array.from({ length: count }, (_, at) => at);
    return fc.shuffledSubarray(starts, { minLength: count, maxLength: count });
  });
  await fc.assert(
    fc.asyncProperty(orders, async (order) => {
      const exchange = new Exchange<number>();
      const answers = order.map(() => exchange.start());
      const last = answers.length - 1;
      for (const at of order) {
        answers[at]?.(at);
        if (at === last) break;
        assert.equal(await finished(exchange), undefined, "the last one is not answered yet");
      }
      assert.equal(await finished(exchange), last);
    }),
  );
});

test("of two finishes at the same time one finishes the start", async () => {
  const exchange = new Exchange<string>();
  exchange.start()("begun");
  assert.deepEqual(await Promise.all([finished(exchange), finished(exchange)]), ["begun", undefined]);
  assert.equal(await finished(exchange), undefined);
});

test("a start that is refused replaces the one before, too", async () => {
  const exchange = new Exchange<string>();
  exchange.start()("begun");
  exchange.start();
  assert.equal(await finished(exchange), undefined);
});

test("a finish that the server could not carry out may come again", async () => {
  const exchange = new Exchange<string>();
  exchange.start()("begun");
  assert.equal(await finished(exchange, busy), "begun");
  const broken = new Error("the database is away");
  await assert.rejects(
    exchange.finish(async () => Promise.reject(broken)),
    broken,
  );
  assert.equal(await finished(exchange), "begun");
  assert.equal(await finished(exchange), undefined);
});

test("a finish that could not be carried out does not bring back a start that another has replaced", async () => {
  const exchange = new Exchange<string>();
  exchange.start()("first");
  await exchange.finish(async () => {
    exchange.start()("second");
    return busy;
  });
  assert.equal(await finished(exchange), "second");
});
