import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { TestContext } from "node:test";
import { seededRandom } from "../../../platform/random.ts";
import type { Parsed } from "../../../platform/result.ts";
import { FakeClock } from "../../../testing/fake-clock.ts";
import { portOf } from "../../../testing/port-of.ts";
import type { DialRefusal } from "../../socket/dial.ts";
import { AttachmentServer, TransferEnd, textOf } from "../transfer.ts";

type Answer = (asked: IncomingMessage, response: ServerResponse) => unknown;

/** Where a server listens that answers as the test says, until the test ends. */
export async function listening(t: TestContext, answer: Answer): Promise<string> {
  const server = createServer((asked, response) => void answer(asked, response));
  t.after(() => server.close().closeAllConnections());
  await once(server.listen(0, "127.0.0.1"), "listening");
  return `ws://127.0.0.1:${portOf(server)}/v1`;
}

/** A client's requests about attachments, to the servers that are dialled one after the other. */
export function asking(
  dial: () => Parsed<string, DialRefusal>,
  token: () => Uint8Array | undefined = () => Buffer.from("t"),
) {
  const clock = new FakeClock();
  const parts = { dial: async () => dial(), tls: undefined, clock, random: seededRandom(1), token };
  const server = new AttachmentServer(parts);
  /** The outcome of work that may wait for the clock: its value, or the code with which it ended. */
  async function outcomeOf(work: Promise<string | undefined>): Promise<string | undefined> {
    let isOver = false;
    const outcome = work
      .catch((cause) => (cause instanceof TransferEnd ? cause.reason.code : assert.fail(cause)))
      .finally(() => {
        isOver = true;
      });
    // Time moves on only where the client waits for it: the servers answer in their own.
    for (let pauses = 0; !isOver; ) {
      if (clock.waiting > 0) assert.ok(++pauses < 1000, "it goes on asking");
      await clock.advance(clock.nextInMs ?? 0);
    }
    return outcome;
  }
  const ask = () => outcomeOf(server.ask("/v1/attachments/00", {}).then(textOf));
  return { server, clock, ask, outcomeOf };
}
