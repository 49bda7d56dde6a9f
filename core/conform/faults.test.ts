import assert from "node:assert/strict";
import { before, suite, test } from "node:test";
import { systemClock } from "../platform/clock.ts";
import { deploy } from "../testing/deployment.ts";
import { keyPair } from "../testing/key-pairs.ts";
import { serverUrl } from "../testing/server-url.ts";
import { encodeRequest } from "../wire/client-frame.ts";
import { readClientMessageId } from "../wire/id-bytes.ts";
import { type Seq, seq } from "../wire/ids.ts";
import type { ServerFrame } from "../wire/server-frame.ts";
import { allCases } from "./cases/all-cases.ts";
import { conform } from "./conform.ts";
import { changingProxy, type Fault } from "./testing/changing-proxy.ts";

type Of<Kind extends ServerFrame["kind"]> = Extract<ServerFrame, { readonly kind: Kind }>;

/** Changes the frames of one kind. */
function changes<Kind extends ServerFrame["kind"]>(
  kind: Kind,
  to: (frame: Of<Kind>, connection: number) => ServerFrame | undefined,
): Fault {
  const isOfKind = (frame: ServerFrame): frame is Of<Kind> => frame.kind === kind;
  return { fromServer: (frame, connection) => (isOfKind(frame) ? to(frame, connection) : frame) };
}

const drops = (kind: ServerFrame["kind"]) => changes(kind, () => undefined);

const later = (of: Seq) => seq(of + 1);

/** The change is made from the second frame of the kind on. */
function secondTime<Frame>(change: (frame: Frame) => Frame): (frame: Frame) => Frame {
  let times = 0;
  return (frame) => (times++ === 0 ? frame : change(frame));
}

/** A frame with these bytes at its end is answered as another one. */
function reads(tail: readonly number[], instead: Uint8Array): Fault {
  return { fromClient: (bytes) => (bytes.subarray(-tail.length).equals(Buffer.from(tail)) ? instead : bytes) };
}

const ping = encodeRequest({ kind: "ping" }, 9);

/** What a server may do wrong, the case that finds it, and what is said to have come. A factory, since some faults count. */
const faults: readonly (readonly [what: string, found: string, came: RegExp, make: () => Fault])[] = [
  [
    "closes with another code",
    "a request that needs a login ends a connection without one",
    /ended with 1000/,
    () => ({ ends: ({ reason }) => ({ code: 1000, reason }) }),
  ],
  [
    "closes without a reason",
    "a frame of another version ends the connection",
    /ended with 4002$/,
    () => ({ ends: ({ code }) => ({ code, reason: "" }) }),
  ],
  [
    "ends a connection without an error",
    "a frame of one byte more is too large",
    /ended with 4003/,
    () => drops("error"),
  ],
  [
    "leaves connections open",
    "logOut ends the other connections of the session and leaves its own",
    /nothing more/,
    () => ({ ends: () => undefined }),
  ],
  [
    "reads integers in any form",
    "an integer that is not in its shortest form is malformed",
    /"pong"/,
    () => reads([0x18, 9], ping),
  ],
  [
    "reads whole numbers as floats",
    "a whole number as a float is malformed",
    /"pong"/,
    () => reads([0x22, 0, 0, 0, 0, 0, 0], ping),
  ],
  ["reads tags", "a tag is malformed", /"pong"/, () => reads([0xc1, 9], ping)],
  [
    "passes over unknown keys",
    "an unknown key is malformed",
    /"pong"/,
    () => reads([0x65 - 1, 0x6d, 0x6f, 0x72, 0x65, 1], ping),
  ],
  [
    "answers an unknown frame without its number",
    "an unknown frame with the number of a request is refused, and the connection goes on",
    /unknown_frame/,
    () =>
      changes("error", (error) => {
        const { request: _, ...others } = error;
        return error.code === "unknown_frame" ? others : error;
      }),
  ],
  [
    "does not know a request",
    "every request of the table is known to the server",
    /unknown_frame/,
    () =>
      changes("error", (error) => ({
        ...error,
        code: error.detail.startsWith("keys:") ? "unknown_frame" : error.code,
      })),
  ],
  [
    "tells unknown users from wrong passwords",
    "a wrong password and an unknown user look alike",
    /unknown_user/,
    () =>
      changes("error", (error) => ({ ...error, code: error.code === "login_failed" ? "unknown_user" : error.code })),
  ],
  [
    "shows names as they were typed",
    "welcome and findUsers have the normal form",
    /CONFORM/,
    () => changes("welcome", (welcome) => ({ ...welcome, name: welcome.name.toUpperCase() })),
  ],
  [
    "gives a new token at each resume",
    "resume names the user and repeats the token",
    /"token":"7 bytes|"token":"bytes/,
    () =>
      changes(
        "welcome",
        secondTime((welcome) => ({ ...welcome, token: Buffer.from("another") })),
      ),
  ],
  [
    "finds users in another order",
    "findUsers answers names, then ids, in the order asked, with null for nobody",
    /null/,
    () => changes("users", (frame) => ({ ...frame, users: frame.users.toReversed() })),
  ],
  [
    "gives a resend another seq",
    "a message that is sent again is acknowledged with the seq and time of the first",
    /"seq":3/,
    () =>
      changes(
        "ack",
        secondTime((frame) => ({
          ...frame,
          acknowledgements: frame.acknowledgements.map((of) => ({ ...of, seq: later(of.seq) })),
        })),
      ),
  ],
  [
    "names no epoch in a reject",
    "a message under another epoch than the one in force is refused with that one",
    /nothing/,
    () =>
      changes("reject", (reject) => {
        const { epoch: _, ...others } = reject;
        return others;
      }),
  ],
  [
    "does not say how many messages remain",
    "over its budget a user is refused with rate_limited, and told when to go on",
    /rate_limited/,
    () =>
      changes("reject", (reject) => {
        const { remaining: _, ...others } = reject;
        return others;
      }),
  ],
  [
    "takes flags that there are not",
    "an unknown flag is malformed",
    /"ack"|"deliver"/,
    () => ({ fromClient: (bytes) => (bytes[1] === 1 ? Buffer.from(bytes).fill(0, 2, 3) : bytes) }),
  ],
  [
    "shows members other messages",
    "two members are shown the same messages in the same order, without gaps",
    /"/,
    () =>
      changes("deliver", (frame, connection) =>
        connection % 2 === 0
          ? frame
          : {
              ...frame,
              messages: frame.messages.map((of) => ({ ...of, clientMessageId: flippedId(of.clientMessageId) })),
            },
      ),
  ],
  [
    "leaves a message out",
    "a message is delivered to all connections of all members, the sender's too",
    /nothing more/,
    () => changes("deliver", (frame, connection) => (connection === 2 ? frame : undefined)),
  ],
  [
    "does not say that a member is gone",
    "who is removed gets the entry, then left, and nothing later",
    /nothing more/,
    () => drops("left"),
  ],
  [
    "counts joined wrong",
    "the creator of a group gets joined beside changed",
    /\[1,1,2\]/,
    () => changes("joined", (frame) => ({ ...frame, logLength: frame.logLength + 1 })),
  ],
  [
    "answers the same bytes otherwise",
    "the same bytes again are answered as before, without keys, over any connection",
    /"seq":2/,
    () =>
      changes(
        "changed",
        secondTime((frame) => ({ ...frame, seq: later(frame.seq) })),
      ),
  ],
  [
    "says that there are more keys",
    "keys has the user's own, from an epoch on, in the order of epochs",
    /"more":true/,
    () => changes("keys", (frame) => ({ ...frame, more: true })),
  ],
  [
    "goes further in a sync than it was asked to",
    "sync delivers what is behind after and up to through, and then says so",
    /"through":5/,
    () => changes("synced", (frame) => ({ ...frame, through: later(frame.through) })),
  ],
  [
    "shows no presence",
    "open is answered by presence, oneself included, and then by cursors",
    /./,
    () => drops("presence"),
  ],
  [
    "forgets who types",
    "typing comes to those who watch the group, the user's own connections included",
    /./,
    () => drops("typing"),
  ],
  [
    "sends frames that are none",
    "a ping is answered before the login and after it",
    /none of this protocol: malformed_frame/,
    () => ({ fromServer: () => Buffer.from([1, 0xd0, 0xff]) }),
  ],
  [
    "sends text",
    "a ping is answered before the login and after it",
    /none of this protocol: a text message/,
    () => ({ fromServer: () => "pong" }),
  ],
  [
    "answers a range with 200",
    "one range is answered with its bytes",
    /200/,
    () => ({ answers: (_, answer) => ({ ...answer, status: answer.status === 206 ? 200 : answer.status }) }),
  ],
  [
    "has another status for attachments that there are not",
    "who may not fetch an attachment is told that there is none",
    /403 attachment_unknown/,
    () => ({ answers: (_, answer) => ({ ...answer, status: answer.status === 404 ? 403 : answer.status }) }),
  ],
  [
    "names no strategy",
    "/assign names the URL of a WebSocket and the strategy",
    /"url"/,
    () => ({ answers: (_, answer) => ({ ...answer, headers: {}, body: Buffer.from('{"url":"ws://x/v1"}') }) }),
  ],
];

const flippedId = (id: Of<"ack">["acknowledgements"][number]["clientMessageId"]) => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(id);
  bytes[7] = (bytes[7] ?? 0) ^ 1;
  return readClientMessageId(bytes, 0);
};

suite("a server that", { concurrency: true }, () => {
  let url = "";
  before(async () => {
    url = serverUrl(await deploy({ sendsPerSecond: 50, sendBurst: 200 }));
  });

  for (const [what, found, came, make] of faults) {
    test(`${what} is found out`, async () => {
      const cases = allCases.filter(({ name }) => name === found);
      assert.equal(cases.length, 1, "the case is there");
      const runAt = async (address: string) =>
        conform({
          address,
          tls: {},
          clock: systemClock,
          cases,
          keys: [await keyPair(0), await keyPair(1)],
          tell() {},
        });
      const [right] = await runAt(await changingProxy(url, {}));
      assert.equal(right?.outcome, "pass", JSON.stringify(right));
      const [wrong] = await runAt(await changingProxy(url, make()));
      assert.ok(wrong?.outcome === "fail", JSON.stringify(wrong));
      assert.match(wrong.came, came);
    });
  }
});
