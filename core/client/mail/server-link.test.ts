import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import { clientFrames, serverFrames } from "../../testing/arbitrary-frames.ts";
import { FakeClock } from "../../testing/fake-clock.ts";
import { FakeNetwork, settle } from "../../testing/fake-network.ts";
import { coldClientFrames, type RequestKind } from "../../wire/client-frame.ts";
import { type ColdServerFrame, coldServerFrames } from "../../wire/server-frame.ts";
import { type LinkEvents, type RequestOf, ServerLink } from "./server-link.ts";

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

const sample = <Frame>(frames: fc.Arbitrary<Frame>) => fc.sample(frames, { seed: 1, numRuns: 1 })[0] as Frame;

/** A request of this kind. */
function requestOf(kind: RequestKind): RequestOf<RequestKind> {
  const { request: _, ...asked } = sample(clientFrames[kind] as fc.Arbitrary<{ request: number }>);
  return { kind, ...asked };
}

/** A frame of this kind that answers the request with this number. */
const answerOf = (kind: ColdServerFrame["kind"], request: number) =>
  ({ kind, ...sample<object>(serverFrames[kind]), request }) as ColdServerFrame;

const requestKinds = Object.entries(coldClientFrames).flatMap(([kind, of]) =>
  "reply" in of ? [[kind as RequestKind, of.reply] as const] : [],
);
const answerKinds = Object.entries(coldServerFrames).flatMap(([kind, { body }]) =>
  "request" in body.shape && kind !== "error" ? [kind as ColdServerFrame["kind"]] : [],
);

suite("a link to a server", () => {
  for (const [kind, reply] of requestKinds) {
    test(`takes ${reply} as the answer to ${kind}, and ends over any other`, async () => {
      for (const answer of answerKinds) {
        const { link, server, closings } = openLink();
        const asked = link.request(requestOf(kind));
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

  test("keeps what comes behind an answer until whoever asked has gone on, and the end, too", async () => {
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

  test("lets an answer fall that comes too late, whatever it is", async () => {
    const { link, server, closings } = openLink();
    for (const answer of answerKinds) server.say(answerOf(answer, 17));
    await settle();
    assert.deepEqual(closings, []);
    assert.ok(link.isOpen);
  });
});
