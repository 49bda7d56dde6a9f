import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { keysOf } from "../../platform/keys-of.ts";
import { clientFrames, sampleOf, serverFrames } from "../../testing/arbitrary-frames.ts";
import { FakeClock } from "../../testing/fake-clock.ts";
import { FakeNetwork, settle } from "../../testing/fake-network.ts";
import { coldClientFrames, type RequestKind } from "../../wire/client-frame.ts";
import { coldServerFrames, type ReplyKind } from "../../wire/server-frame.ts";
import { type LinkEvents, ServerLink } from "./server-link.ts";

const quiet: LinkEvents = { opened() {}, delivered() {}, acknowledged() {}, noticed() {}, closed() {} };

/** An open link whose other end is the test, with why it closed. */
function openLink() {
  const network = new FakeNetwork();
  const closings: string[] = [];
  const closed = (code: string | undefined, detail: string) => void closings.push(`${code}: ${detail}`);
  const link = new ServerLink("ws://server/v1", { open: network.open, clock: new FakeClock() }, { ...quiet, closed });
  network.last.accept();
  return { link, server: network.last, closings };
}

/** A frame of this kind that answers the request with this number. */
const answerOf = (kind: ReplyKind, request: number) => ({ ...sampleOf(serverFrames, kind), request });

const requestKinds = keysOf(coldClientFrames).filter((kind): kind is RequestKind => "reply" in coldClientFrames[kind]);
const answerKinds = keysOf(coldServerFrames).filter(
  (kind): kind is ReplyKind => "request" in coldServerFrames[kind].body.shape && kind !== "error",
);

suite("a link to a server", () => {
  for (const kind of requestKinds) {
    const { reply } = coldClientFrames[kind];
    test(`takes ${reply} as the reply to ${kind}, and closes at any other`, async () => {
      for (const answer of answerKinds) {
        const { link, server, closings } = openLink();
        const asked = link.request(sampleOf(clientFrames, kind));
        const { request } = server.request(kind);
        server.say(answerOf(answer, request));
        const outcome = await asked;
        if (answer === reply) {
          assert.ok(outcome.ok, answer);
          assert.deepEqual(closings, []);
        } else {
          assert.deepEqual(outcome.ok ? outcome.value.kind : outcome.reason.code, "offline", answer);
          assert.match(closings.join(), new RegExp(`^malformed_frame: .*${answer} answers ${kind}$`));
          assert.ok(server.isClosed);
        }
      }
    });
  }

  test("handles what comes behind a reply after the code that awaits the reply, the connection's end included", async () => {
    for (const isOver of [false, true]) {
      const happened: string[] = [];
      const network = new FakeNetwork();
      const link = new ServerLink(
        "ws://server/v1",
        { open: network.open, clock: new FakeClock() },
        {
          ...quiet,
          noticed: ({ kind }) => happened.push(kind),
          closed: () => happened.push("closed"),
        },
      );
      network.last.accept();
      const ask = async () => (await link.request({ kind: "ping" })).ok;
      const asking = (async () => {
        if (await ask()) happened.push("answered");
      })();
      const { request } = network.last.request("ping");
      network.last.say({ kind: "goAway", reason: "draining" });
      network.last.say({ kind: "pong", request });
      network.last.say({ kind: "goAway", reason: "draining" });
      if (isOver) network.last.break();
      await asking;
      await settle();
      if (isOver) assert.deepEqual(happened.toSorted(), ["answered", "closed", "goAway", "goAway"]);
      else assert.deepEqual(happened, ["goAway", "answered", "goAway"]);
    }
  });

  test("ignores a reply that comes too late, whatever it is", async () => {
    const { link, server, closings } = openLink();
    for (const answer of answerKinds) server.say(answerOf(answer, 17));
    await settle();
    assert.deepEqual(closings, []);
    assert.ok(link.isOpen);
  });
});
