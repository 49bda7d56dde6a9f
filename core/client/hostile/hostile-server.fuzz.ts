import assert from "node:assert/strict";
import fc from "fast-check";
import { framesIn, joinedFrames } from "../../fuzz/frame-list.ts";
import type { FuzzTarget } from "../../fuzz/target.ts";
import { Failure } from "../../platform/failure.ts";
import { accepted, refused } from "../../platform/result.ts";
import { anyFrameOf, serverFrames } from "../../testing/arbitrary-frames.ts";
import { FakeClock } from "../../testing/fake-clock.ts";
import { present } from "../../testing/present.ts";
import type { RequestOf } from "../../wire/client-frame.ts";
import { DeliverCursor } from "../../wire/deliver-frame.ts";
import { encodeServerFrame } from "../../wire/server-frame.ts";
import { ServerLink } from "../mail/server-link.ts";
import { deploymentUrl } from "../socket/deployment-url.ts";
import { parseAssignment } from "../socket/dial.ts";
import type { SocketEvents } from "../socket/socket.ts";
import { readUpgrade } from "../socket/web-socket-upgrade.ts";

const asked: readonly RequestOf<"ping" | "groups">[] = [{ kind: "ping" }, { kind: "groups" }, { kind: "ping" }];

/** What happens at a link that has sent a few requests and receives these frames. */
async function linkReceives(bytes: Uint8Array): Promise<{ events: string[]; closings: number }> {
  const events = new Set<string>();
  let closings = 0;
  const sockets: SocketEvents[] = [];
  const cursor = new DeliverCursor();
  const open = (_: string, of: SocketEvents) => {
    sockets.push(of);
    return { send() {}, close() {}, bytesRead: 0 };
  };
  const link = new ServerLink(
    "ws://nowhere",
    { open, clock: new FakeClock() },
    {
      opened() {},
      delivered(frame) {
        if (cursor.begin(frame)) events.add("a DELIVER that is none");
        while (cursor.next()) events.add("delivered");
      },
      acknowledged: () => void events.add("acknowledged"),
      noticed: ({ kind }) => void events.add(`noticed ${kind}`),
      blamed: (code) => void events.add(`blamed ${code}`),
      closed(code) {
        closings++;
        events.add(`closed ${code}`);
      },
    },
  );
  const socket = present(sockets[0]);
  socket.opened();
  const answers = asked.map((request) => link.request(request));
  for (const frame of framesIn(bytes)) socket.received(frame);
  socket.closed(1006, "the end");
  for (const answer of await Promise.all(answers)) events.add(answer.ok ? answer.value.kind : answer.reason.code);
  return { events: [...events].sort(), closings };
}

const key = "dGhlIHNhbXBsZSBub25jZQ==";
const upgrade = [
  "HTTP/1.1 101 Switching Protocols",
  "Upgrade: websocket",
  "Connection: Upgrade",
  "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
].join("\r\n");

const assignments = [
  { url: "ws://127.0.0.1:7401/v1", strategy: "random" },
  { url: "wss://chat.example/v1" },
  { url: "http://chat.example" },
];
const urlWords = ["ws:", "wss:", "http:", "://", "@", "[::1]", ":65536", "\\", "%2e", "\t", " ", "WSS://", "ß", "xn--"];

export const targets: readonly FuzzTarget[] = [
  {
    name: "server-link",
    bytesMax: 64 * 1024,
    seeds: () => {
      const frames = fc.sample(anyFrameOf(serverFrames), { seed: 1, numRuns: 60 }).map(encodeServerFrame);
      const answers = [
        encodeServerFrame({ kind: "pong", request: 0 }),
        encodeServerFrame({ kind: "groups", request: 1, groups: [] }),
        encodeServerFrame({ kind: "error", request: 2, code: "busy", detail: "later" }),
        encodeServerFrame({ kind: "error", code: "draining", detail: "going" }),
      ];
      return [
        joinedFrames(answers),
        ...frames.map((frame) => joinedFrames([frame])),
        joinedFrames(frames.slice(0, 10)),
      ];
    },
    async run(bytes) {
      const { events, closings } = await linkReceives(bytes);
      assert.equal(closings, 1, "a link that closes more than once, or never");
      const seen = events.join(", ");
      return events.includes("closed malformed_frame") ? refused(seen) : accepted(seen);
    },
    growth: {
      "many pongs": (bytes) => {
        const pong = joinedFrames([encodeServerFrame({ kind: "pong", request: 0 })]);
        return Buffer.alloc(bytes - (bytes % pong.length), pong);
      },
    },
  },
  {
    name: "upgrade-answers",
    bytesMax: 16 * 1024,
    words: ["\r\n", "\r\n\r\n", "HTTP/1.1 101 ", "sec-websocket-accept:", ":", " ", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="],
    seeds: () =>
      [`${upgrade}\r\n\r\n`, `${upgrade}\r\n\r\nand a frame`, "HTTP/1.1 503 busy\r\n\r\n", upgrade].map((text) =>
        Buffer.from(text),
      ),
    run(bytes) {
      const answer = readUpgrade(Buffer.from(bytes), key);
      if (!answer) return refused("not complete");
      if (answer.ok) return accepted("agreed");
      assert.ok(answer.reason.length <= 200, "an answer that is repeated at length");
      return refused(answer.reason.replace(/: .*/s, ""));
    },
    growth: {
      "no end": (bytes) => Buffer.alloc(bytes, "HTTP/1.1 101 \r\n"),
      "many headers": (bytes) =>
        Buffer.concat([Buffer.alloc(bytes - 4, "\r\nsec-websocket-accept: "), Buffer.from("\r\n\r\n")]),
    },
  },
  {
    name: "assignments",
    bytesMax: 64 * 1024,
    words: [...urlWords, '"url":', "{", "}", "[", "null", '"__proto__":', "1e999"],
    seeds: () => assignments.map((assignment) => Buffer.from(JSON.stringify(assignment))),
    run(bytes) {
      const base = new URL(bytes.length % 2 === 0 ? "http://chat.example" : "https://chat.example");
      let answer: unknown;
      try {
        answer = JSON.parse(Buffer.from(bytes).toString());
      } catch {
        return refused("no JSON");
      }
      const parsed = parseAssignment(answer, base);
      if (!parsed.ok) return parsed;
      const { protocol } = new URL(parsed.value);
      assert.ok(protocol === "wss:" || (protocol === "ws:" && base.protocol === "http:"), `sent to ${protocol}`);
      return accepted(protocol);
    },
    growth: {
      "deep arrays": (bytes) => Buffer.alloc(bytes, "["),
      "a long url": (bytes) => Buffer.from(JSON.stringify({ url: `ws://${"a.".repeat(bytes / 2)}` })),
      "a long path": (bytes) => Buffer.from(JSON.stringify({ url: `ws://a/${"../".repeat(bytes / 3)}` })),
    },
  },
  {
    name: "deployment-addresses",
    bytesMax: 4096,
    words: [...urlWords, "ftp:", "foo://", "chat.example", ":7400"],
    seeds: () =>
      ["chat.example:7400", "https://chat.example", "ws://[::1]:7400/v1", "wss://x", "ftp://x"].map((text) =>
        Buffer.from(text),
      ),
    run(bytes) {
      try {
        const { protocol } = deploymentUrl(Buffer.from(bytes).toString());
        assert.match(protocol, /^https?:$/);
        return accepted(protocol);
      } catch (cause) {
        // The documented refusal of an address.
        if (cause instanceof Failure) return refused(cause.code);
        throw cause;
      }
    },
  },
];
