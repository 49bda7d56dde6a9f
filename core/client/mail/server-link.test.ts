import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { keysOf } from "../../platform/keys-of.ts";
import { refused } from "../../platform/result.ts";
import { clientFrames, sampleOf, serverFrames } from "../../testing/arbitrary-frames.ts";
import { FakeClock } from "../../testing/fake-clock.ts";
import { FakeNetwork, settle } from "../../testing/fake-network.ts";
import { coldClientFrames, encodeClientFrame, type RequestKind } from "../../wire/client-frame.ts";
import { groupId, seq } from "../../wire/ids.ts";
import { coldServerFrames, encodeServerFrame, type ReplyKind } from "../../wire/server-frame.ts";
import { type LinkEvents, ServerLink } from "./server-link.ts";

const quiet: LinkEvents = { opened() {}, delivered() {}, acknowledged() {}, noticed() {}, blamed() {}, closed() {} };

/** An open link whose other end is the test, with why it closed. */
function openLink(events: Partial<LinkEvents> = {}) {
  const network = new FakeNetwork();
  const clock = new FakeClock();
  const closings: string[] = [];
  const closed = (code: string | undefined, detail: string) => void closings.push(`${code}: ${detail}`);
  const link = new ServerLink("ws://server/v1", { open: network.open, clock }, { ...quiet, closed, ...events });
  network.last.accept();
  return { link, server: network.last, closings, clock };
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

  test("keeps what comes behind a reply though the socket reads on into the same memory", async () => {
    const noticed: string[] = [];
    const { link, server } = openLink({ noticed: ({ kind }) => noticed.push(kind) });
    const asked = link.request({ kind: "ping" });
    server.say({ kind: "pong", request: server.request("ping").request });
    const memory = Buffer.from(encodeServerFrame({ kind: "goAway", reason: "draining" }));
    server.sayBytes(memory);
    memory.fill(0);
    assert.ok((await asked).ok);
    await settle();
    assert.deepEqual([noticed, server.isClosed], [["goAway"], false]);
  });

  test("says why it ended as the server did, though the connection breaks without a code", async () => {
    const { server, closings } = openLink();
    server.say({ kind: "error", code: "authentication_timeout", detail: "too slow" });
    server.break();
    assert.deepEqual(closings, ["authentication_timeout: broken"]);
  });

  test("ends at an acknowledgement that is cut off", async () => {
    const { server, closings } = openLink();
    const whole = encodeServerFrame(sampleOf(serverFrames, "ack"));
    server.sayBytes(whole.subarray(0, whole.length - 1));
    assert.match(closings.join(), /^malformed_frame: /);
    assert.ok(server.isClosed);
  });

  test("refuses what waits for a reply as soon as it is closed, however long its socket takes to close", async () => {
    const network = new FakeNetwork();
    const happened: string[] = [];
    const link = new ServerLink(
      "ws://server/v1",
      { open: (...of) => ({ ...network.open(...of), close() {} }), clock: new FakeClock() },
      { ...quiet, noticed: ({ kind }) => happened.push(kind), closed: (...of) => happened.push(of.join()) },
    );
    network.last.accept();
    const asked = link.request({ kind: "ping" });
    network.last.say({ kind: "pong", request: network.last.request("ping").request });
    network.last.say({ kind: "goAway", reason: "draining" });
    const waiting = link.request({ kind: "ping" });
    link.close();
    network.last.say({ kind: "goAway", reason: "draining" });
    network.last.break();
    assert.ok((await asked).ok);
    const outcome = await waiting;
    assert.equal(!outcome.ok && outcome.reason.code, "offline");
    await settle();
    assert.deepEqual(happened, ["goAway", ",closed here"]);
  });

  test("sends nothing before it is open and nothing after its end, and refuses each request at once", async () => {
    const network = new FakeNetwork();
    const clock = new FakeClock();
    const link = new ServerLink("ws://server/v1", { open: network.open, clock }, quiet);
    const sendsNothing = async (when: string) => {
      assert.ok(!link.isOpen, when);
      link.post(encodeClientFrame({ kind: "read", group: groupId(7), seq: seq(3) }));
      const outcome = await link.request({ kind: "ping" });
      assert.equal(!outcome.ok && outcome.reason.code, "offline", when);
      assert.deepEqual([network.last.received, clock.waiting], [[], 0], when);
    };
    await sendsNothing("before it is open");
    network.last.accept();
    assert.ok(link.isOpen);
    network.last.break();
    await sendsNothing("after its end");
  });

  test("refuses a request without a reply after fifteen seconds, and ignores the reply that comes later", async () => {
    const { link, server, clock, closings } = openLink();
    const asked = link.request({ kind: "ping" });
    await clock.advance(14_999);
    assert.equal(clock.waiting, 1);
    await clock.advance(1);
    assert.deepEqual(await asked, refused({ code: "timeout", detail: "no answer to ping" }));
    server.say(answerOf("users", server.request("ping").request));
    assert.deepEqual([closings, link.isOpen], [[], true]);
  });

  test("ends at a frame that is none, and reads nothing of what came with it", async () => {
    const whole = encodeServerFrame({ kind: "goAway", reason: "draining" });
    const another = Buffer.from(whole);
    another[0] = 2;
    for (const [none, detail] of [
      [whole.subarray(0, 1), "a frame has at least 2 bytes, this one 1"],
      [whole.subarray(0, whole.length - 1), "goAway: "],
      [Buffer.from([1, 0xff]), "no server frame has the kind 255"],
      [another, "this is version 1, the frame says 2"],
    ] as const) {
      const noticed: string[] = [];
      const { link, server, closings } = openLink({ noticed: ({ kind }) => noticed.push(kind) });
      const asked = link.request({ kind: "ping" });
      server.say({ kind: "pong", request: server.request("ping").request });
      server.sayBytes(none);
      server.sayBytes(whole);
      assert.ok((await asked).ok);
      await settle();
      assert.match(closings.join(), new RegExp(`^malformed_frame: the server sent a frame that is none: ${detail}`));
      assert.deepEqual([noticed, server.isClosed], [[], true]);
    }
  });

  test("has no timer left once each request has its reply, its refusal or the link's end", async () => {
    const { link, server, clock } = openLink();
    const ask = () => {
      const asked = link.request({ kind: "ping" });
      return { asked, request: server.request("ping").request };
    };
    const [granted, denied, open] = [ask(), ask(), ask()];
    server.say({ kind: "pong", request: granted.request });
    await settle();
    server.say({ kind: "error", request: denied.request, code: "busy", detail: "" });
    await settle();
    assert.equal(clock.waiting, 1);
    server.break();
    const outcomes = await Promise.all([granted, denied, open].map(({ asked }) => asked));
    assert.deepEqual(
      outcomes.map((outcome) => (outcome.ok ? "pong" : outcome.reason.code)),
      ["pong", "busy", "offline"],
    );
    assert.equal(clock.waiting, 0);
  });
});
